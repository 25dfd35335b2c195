import json

import numpy as np
import pytest
import SimpleITK

from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.nnunet1.raw_task import lay_out_task, task_description

DESCRIPTION = {
    "name": "MSWAL",
    "channel_names": {"0": "CT"},
    "labels": {"background": 0, "kidney_stone": 2, "gallstone": 1},
    "numTraining": 2,
    "file_ending": ".nii.gz",
}


def make_raw(root, save_labels, ending=".nii.gz"):
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    for case in ("b", "a"):
        save_labels(root / "imagesTr" / f"{case}_0000{ending}", array)
        save_labels(root / "labelsTr" / f"{case}{ending}", (array % 3).astype(np.uint8))
    (root / "dataset.json").write_text(json.dumps(DESCRIPTION | {"file_ending": ending}))
    return root


def test_files_are_linked_not_copied(tmp_path, save_labels):
    raw, task = make_raw(tmp_path / "raw", save_labels), tmp_path / "task"
    (task / "imagesTr").mkdir(parents=True)
    (task / "imagesTr" / "stale_0000.nii.gz").touch()
    lay_out_task(raw, ["b", "a"], task)
    files = sorted(path.relative_to(task).as_posix() for path in task.rglob("*.nii.gz"))
    assert files == ["imagesTr/a_0000.nii.gz", "imagesTr/b_0000.nii.gz", "labelsTr/a.nii.gz", "labelsTr/b.nii.gz"]
    for file in files:
        assert (task / file).is_symlink()
        assert (task / file).resolve() == raw / file


def test_the_description_is_in_the_words_of_v1(tmp_path, save_labels):
    lay_out_task(make_raw(tmp_path / "raw", save_labels), ["b", "a"], tmp_path / "task")
    written = json.loads((tmp_path / "task" / "dataset.json").read_text())
    assert written["modality"] == {"0": "CT"}
    assert list(written["labels"].items()) == [("0", "background"), ("1", "gallstone"), ("2", "kidney_stone")]
    assert written["numTraining"] == 2
    assert written["training"] == [
        {"image": "./imagesTr/a.nii.gz", "label": "./labelsTr/a.nii.gz"},
        {"image": "./imagesTr/b.nii.gz", "label": "./labelsTr/b.nii.gz"},
    ]
    assert written["test"] == []


@pytest.mark.parametrize("ending", [".nii", ".mha"])
def test_a_file_that_v1_cannot_read_becomes_one_it_can(tmp_path, save_labels, ending):
    raw, task = make_raw(tmp_path / "raw", save_labels, ending), tmp_path / "task"
    lay_out_task(raw, ["a"], task)
    for before, after in (("imagesTr/a_0000", "imagesTr/a_0000"), ("labelsTr/a", "labelsTr/a")):
        source, copy = (
            SimpleITK.ReadImage(str(path)) for path in (raw / f"{before}{ending}", task / f"{after}.nii.gz")
        )
        assert (SimpleITK.GetArrayFromImage(source) == SimpleITK.GetArrayFromImage(copy)).all()
        assert source.GetSpacing() == pytest.approx(copy.GetSpacing())
        assert source.GetOrigin() == pytest.approx(copy.GetOrigin())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"labels": {"background": 0, "cyst": 2}}, "labels numbered 0, 1, 2 and so on.*cyst: 2"),
        ({"labels": {"background": 0, "lesion": [1, 2], "cyst": 1}}, r"lesion: \[1, 2\]"),
        ({"channel_names": {"0": "CT", "1": "PET"}}, "has the channels 0, 1"),
    ],
)
def test_what_v1_has_no_word_for_is_refused(change, sentence):
    with pytest.raises(MethodError, match=sentence):
        task_description(DESCRIPTION | change, ["a"])
