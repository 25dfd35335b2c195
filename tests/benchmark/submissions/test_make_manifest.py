from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.phantom.dataset_writer import write_phantom
from mswal_bench.benchmark.submissions.make_manifest import manifest_of
from mswal_bench.benchmark.submissions.manifest import Manifest
from mswal_bench.benchmark.submissions.manifest_file import read_manifest, write_manifest

from .cases import CASES, labels, make_labels

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom in nnU-Net's raw layout, 5 + 2 cases. Not to be written to."""
    out = tmp_path_factory.mktemp("manifest") / "raw"
    write_phantom(out, train=5, test=2, size="tiny", seed=0, progress=False)
    return out


def test_the_grid_of_every_case(tmp_path: Path, save_labels: SaveLabels):
    turned = (0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    save_labels(tmp_path / "b.nii.gz", labels("case_1"), (0.7, 0.8, 2.5), (1.0, -2.0, 3.5), turned)
    save_labels(tmp_path / "a.mha", labels("case_1"))
    manifest = manifest_of(tmp_path, "mine")
    assert list(manifest.cases) == ["a", "b"]
    grid = manifest.cases["b"]
    assert grid.shape == (8, 6, 4)
    assert grid.spacing_mm == pytest.approx((0.7, 0.8, 2.5), abs=1e-6)
    assert grid.origin_mm == (1.0, -2.0, 3.5)
    assert grid.direction == pytest.approx(turned, abs=1e-6)
    assert (manifest.track, manifest.hidden) == ("mine", False)
    assert (manifest.labels["gallstone"], manifest.highest_label) == (1, 7)


@pytest.mark.parametrize("part", ["Ts", "Tr"])
def test_labels_and_images_give_the_same_file(raw: Path, tmp_path: Path, part: str):
    of = {kind: manifest_of(raw / f"{kind}{part}") for kind in ("labels", "images")}
    for kind, manifest in of.items():
        write_manifest(manifest, tmp_path / kind)
    assert (tmp_path / "labels").read_bytes() == (tmp_path / "images").read_bytes()


def test_nothing_of_the_labels_gets_into_it(tmp_path: Path, save_labels: SaveLabels):
    for name, array in (("full", np.full((4, 6, 8), 7, np.uint8)), ("empty", np.zeros((4, 6, 8), np.uint8))):
        save_labels(tmp_path / name / "a.nii.gz", array)
    assert manifest_of(tmp_path / "full", "t") == manifest_of(tmp_path / "empty", "t")


def test_of_a_whole_data_set_the_cases_of_the_track(raw: Path):
    test, training = manifest_of(raw), manifest_of(raw, "public-cv")
    assert (test.track, test.hidden, len(test.cases)) == ("official-test", True, 2)
    assert (training.track, training.hidden, len(training.cases)) == ("public-cv", False, 5)
    assert (test, training) == (manifest_of(raw / "imagesTs"), manifest_of(raw / "labelsTr"))
    assert manifest_of(raw, hidden=False).hidden is False
    with pytest.raises(BenchError, match=r"is a whole data set.*labelsTr"):
        manifest_of(raw, "another")


def test_the_labels_of_a_data_set(tmp_path: Path, save_labels: SaveLabels):
    save_labels(tmp_path / "labelsTr" / "a.nii.gz", labels("case_1"))
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": {"liver": 1, "background": 0, "Odd tumour": 2}}))
    assert manifest_of(tmp_path / "labelsTr").labels == {"background": 0, "liver": 1, "Odd tumour": 2}
    (tmp_path / "dataset.json").write_text('{"labels": {"background": 0, "liver": 7}}')
    with pytest.raises(BenchError, match="not numbered 0, 1, 2"):
        manifest_of(tmp_path / "labelsTr")
    (tmp_path / "dataset.json").write_text("[]")
    with pytest.raises(BenchError, match="does not describe labels"):
        manifest_of(tmp_path / "labelsTr")


def test_all_that_is_in_the_way_is_told(tmp_path: Path, save_labels: SaveLabels):
    make_labels(tmp_path, save_labels)
    for case in CASES[:2]:
        (tmp_path / f"{case}.nii.gz").write_bytes(b"no volume")
    with pytest.raises(BenchError) as refused:
        manifest_of(tmp_path)
    assert [Path(problem.where).name for problem in refused.value.problems] == ["case_1.nii.gz", "case_2.nii.gz"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "has no volume in it"),
        (("a.txt",), "has no volume in it"),
        (("a.nii.gz", "a.mha"), "two files for one case"),
        (("a_0000.nii.gz", "b.nii.gz"), "some files are named as images"),
    ],
)
def test_a_folder_that_is_not_clear_is_refused(tmp_path: Path, names: tuple[str, ...], said: str):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(BenchError, match=said):
        manifest_of(tmp_path)


def test_no_folder_and_no_track(tmp_path: Path):
    with pytest.raises(BenchError, match="there is no such folder"):
        manifest_of(tmp_path / "nowhere")
    with pytest.raises(BenchError, match="small letters, digits and hyphens"):
        manifest_of(tmp_path, "My track")


def test_it_is_read_as_it_was_written(raw: Path, tmp_path: Path):
    manifest = manifest_of(raw)
    path = tmp_path / "made" / "manifest.json"
    write_manifest(manifest, path)
    again = read_manifest(path)
    assert (again, again.digest) == (manifest, manifest.digest)
    assert Manifest.model_validate_json(path.read_bytes()) == manifest
    # A line a case, to be compared by eye.
    assert len(path.read_text().splitlines()) == len(manifest.cases) + 8
    case = next(iter(manifest.cases))
    changed = manifest.model_copy(update={"cases": {case: manifest.cases[case]}})
    assert changed.digest != manifest.digest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cases": {}}, "cases is empty, expected at least 1"),
        ({"track": "My track"}, "track is 'My track', not "),
        ({"labels": {"background": 0, "liver": 3}}, "not numbered 0, 1, 2"),
        ({"extra": 1}, "has a field extra that it cannot have"),
        ({"cases": {"../a": {}}}, "without / and"),
        (
            {"cases": {"a": {"shape": [1, "x", 0]}}},
            "a.shape[1] is 'x', not a whole number; cases.a.shape[2] is 0",
        ),
        ({"cases": {"a": {"shape": [100000] * 3}}}, "an absurd size"),
        ({"cases": {"a": {"spacing_mm": [0, 1, 1]}}}, "a.spacing_mm[0] is 0, expected more than 0"),
    ],
)
def test_what_is_no_manifest_is_refused(raw: Path, tmp_path: Path, change: dict[str, Any], said: str):
    content = manifest_of(raw).model_dump(mode="json")
    (grid, *_) = content["cases"].values()
    if change.get("cases"):
        change = {"cases": {case: {**grid, **of} for case, of in change["cases"].items()}}
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({**content, **change}))
    with pytest.raises(BenchError) as refused:
        read_manifest(path)
    assert said in str(refused.value)
    assert len(refused.value.problems) == 1
    assert "nput should" not in str(refused.value)


def test_another_file_is_told_what_a_manifest_is(raw: Path) -> None:
    """Not in ten lines of a library's."""
    with pytest.raises(BenchError, match=r"found the dataset\.json of a data set") as refused:
        read_manifest(raw / "dataset.json")
    assert "expected the JSON file that names a track" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    (raw / "other.json").write_text('{"a": 1, "b": 2}')
    with pytest.raises(BenchError, match=r"found a JSON file of a, b"):
        read_manifest(raw / "other.json")
    (raw / "record.json").write_text('{"track": "demo", "cases": 3, "form": {}}')
    with pytest.raises(BenchError, match=r"is no manifest: .* found a JSON file of cases, form, track"):
        read_manifest(raw / "record.json")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cases": 1e999}'])
def test_what_is_not_even_json_is_refused(tmp_path: Path, content: str):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(BenchError, match="is no manifest"):
        read_manifest(tmp_path / "manifest.json")
    with pytest.raises(BenchError, match="cannot be read"):
        read_manifest(tmp_path / "nowhere.json")


def test_where_readers_place_a_file_differently_is_noted(tmp_path: Path, save_labels: SaveLabels) -> None:
    path = save_labels(tmp_path / "labels" / "case_1.nii", np.zeros((3, 4, 5), np.uint8))
    content = bytearray(path.read_bytes())
    content[254:256] = np.array(0, "<i2").tobytes()  # no sform
    content[252:254] = np.array(0, "<i2").tobytes()  # no qform
    path.write_bytes(content)
    notes: list[str] = []
    manifest_of(path.parent, notes=notes)
    (note,) = notes
    assert note.startswith(f"{path}: readers place it differently (SimpleITK: origin (0, 0, 0)")
