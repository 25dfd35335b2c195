"""What becomes of nnU-Net v1's softmax: a whole label map without specks, or none."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

pytest.importorskip("nnunet")

from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.nnunet1 import export

SOFTMAX = np.full((3, 2, 2, 2), 1 / 3, np.float32)


def test_a_label_map_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    def killed_while_writing(softmax, out_file, *options):
        Path(out_file).write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "save_segmentation_nifti_from_softmax", killed_while_writing)
    with pytest.raises(KeyboardInterrupt):
        export.Export(tmp_path)(SOFTMAX, str(tmp_path / "case.nii.gz"))
    assert not (tmp_path / "case.nii.gz").exists()
    export.remove_unfinished(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("in_a_file", [False, True])
def test_softmax_that_is_not_finite_is_no_label_map(tmp_path, monkeypatch, value, in_a_file):
    def written(softmax, out_file, *options):
        pytest.fail("it was made a label map")

    monkeypatch.setattr(export, "save_segmentation_nifti_from_softmax", written)
    softmax = SOFTMAX.copy()
    softmax[2, 1, 0, 1] = value
    if in_a_file:
        np.save(tmp_path / "softmax.npy", softmax)
        softmax = str(tmp_path / "softmax.npy")
    beside = tmp_path / "beside"
    beside.mkdir()
    export.Export(tmp_path, lost="lost")(softmax, str(beside / "case.nii.gz"))
    assert [path.name for path in beside.iterdir()] == ["lost"]
    # In the validation after a training, which no other case is worth going on with.
    with pytest.raises(MethodError, match=r"^case: the network's output is not finite"):
        export.Export(tmp_path)(softmax, str(beside / "case.nii.gz"))


def test_specks_are_removed_after_it(tmp_path, monkeypatch, save_labels):
    labels = np.zeros((6, 6, 6), np.uint8)
    labels[0, 0, 0] = labels[3:5, 3:5, 3:5] = 4
    labels[5, 0, 0] = 2
    monkeypatch.setattr(
        export,
        "save_segmentation_nifti_from_softmax",
        lambda softmax, out_file, *options: save_labels(Path(out_file), labels, spacing=(1, 1, 2)),
    )
    export.Export(tmp_path, least_mm3={4: 16.0})(SOFTMAX, str(tmp_path / "elsewhere" / "case.nii.gz"))
    cleaned = SimpleITK.ReadImage(str(tmp_path / "case.nii.gz"))
    expected = labels.copy()
    expected[0, 0, 0] = 0
    assert (SimpleITK.GetArrayFromImage(cleaned) == expected).all()
    assert cleaned.GetSpacing() == (1, 1, 2)
