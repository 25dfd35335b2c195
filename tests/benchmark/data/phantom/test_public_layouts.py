from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cc3d
import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.phantom import public_layouts
from mswal_bench.benchmark.data.phantom.canvas import Tissue
from mswal_bench.benchmark.data.phantom.case import PhantomCase, make_case
from mswal_bench.benchmark.data.phantom.drawing import draw_all
from mswal_bench.benchmark.data.phantom.public_layouts import (
    ORGAN_LABELS,
    organ_label_map,
    public_patients,
    write_public_phantom,
)
from mswal_bench.benchmark.data.prepare.lits_kits import find_kits, find_lits
from mswal_bench.splits import load_split

FIND = {"lits": find_lits, "kits": find_kits}


def write(out: Path, kind: str, train: int = 2, test: int = 1, seed: int = 0, jobs: int = 1) -> None:
    write_public_phantom(out, kind, train=train, test=test, size="tiny", seed=seed, jobs=jobs, progress=False)


def contents(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            "lits",
            ["phantom.json", *(f"{role}-{number}.nii" for role in ("segmentation", "volume") for number in (0, 1, 2))],
        ),
        (
            "kits",
            [
                *(f"case_{number:05d}/{role}.nii.gz" for number in (0, 1, 2) for role in ("imaging", "segmentation")),
                "phantom.json",
            ],
        ),
    ],
)
def test_the_public_layout(tmp_path: Path, kind: str, names: list[str]) -> None:
    write(tmp_path, kind)
    assert list(contents(tmp_path)) == names
    source = FIND[kind](tmp_path, partial=True)
    official = load_split(kind)
    assert (source.split.train, source.split.test) == (official.train[:2], official.test[:1])
    assert source.extra["phantom"]["as"] == kind


@pytest.mark.parametrize("kind", ["lits", "kits"])
def test_volumes_are_the_cases_in_their_places(tmp_path: Path, kind: str) -> None:
    write(tmp_path, kind)
    source = FIND[kind](tmp_path, partial=True)
    for name, files in source.train.items():
        patient = public_patients(kind, 0)[sorted((*load_split(kind).train, *load_split(kind).test)).index(name)]
        case = make_case(patient.seed, patient.slot, "tiny")
        for path, array in ((files.image, case.image), (files.label, organ_label_map(case, ORGAN_LABELS[kind]))):
            stored = SimpleITK.ReadImage(str(path))
            if kind == "kits":
                # As KiTS23 stores them: the slices along the first axis, from the head down.
                assert stored.GetDirection() == (0, 0, 1, 0, 1, 0, -1, 0, 0)
                assert stored.GetSize() == array.shape
            volume = SimpleITK.DICOMOrient(stored, "LPS")
            assert np.array_equal(SimpleITK.GetArrayFromImage(volume), array)
            assert volume.GetOrigin() == pytest.approx(case.origin_mm)
            assert volume.GetDirection() == (1, 0, 0, 0, 1, 0, 0, 0, 1)


@pytest.mark.parametrize("kind", ["lits", "kits"])
def test_every_patient_has_a_tumor_and_is_in_no_other_phantom(kind: str) -> None:
    split = load_split(kind)
    patients = public_patients(kind, 0)[: len(split.train) + len(split.test)]
    key = ORGAN_LABELS[kind].every
    assert all(any(lesion.key == key for lesion in patient.lesions) for patient in patients)
    assert len({(patient.seed, patient.slot) for patient in patients}) == len(split.train) + len(split.test)
    assert not {patient.seed for patient in patients} & {patient.seed for patient in public_patients(kind, 1)}
    assert min(patient.seed for patient in patients) >= 1_000_000


def test_only_what_is_missing_is_drawn_and_nothing_depends_on_how_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "more", "lits", train=3, jobs=2)
    write(tmp_path / "few", "lits", train=1)
    for name, content in contents(tmp_path / "few").items():
        assert contents(tmp_path / "more")[name] == content
    drawn: list[str] = []

    def note(draw: Callable[[Any], None], jobs: Sequence[Any], **options: Any) -> None:
        drawn.extend(job.label.name for job in jobs)
        draw_all(draw, jobs, **options)

    monkeypatch.setattr(public_layouts, "draw_all", note)
    write(tmp_path / "few", "lits", train=1)
    assert drawn == []
    (tmp_path / "few" / "segmentation-1.nii").unlink()
    (tmp_path / "few" / ".partial-x.nii").write_bytes(b"half")
    write(tmp_path / "few", "lits", train=3)
    assert drawn == ["segmentation-2.nii", "segmentation-3.nii", "segmentation-1.nii"]
    assert contents(tmp_path / "few") == contents(tmp_path / "more")


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="--train is out of range: expected 0 to 105, found 106"):
        write(tmp_path / "x", "lits", train=106)
    write(tmp_path / "x", "kits", train=2, test=0)
    with pytest.raises(BenchError, match="case_00002"):
        write(tmp_path / "x", "kits", train=1, test=0)
    for other in ({"kind": "lits"}, {"kind": "kits", "seed": 1}):
        with pytest.raises(BenchError, match="another phantom"):
            write(tmp_path / "x", **other)
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "volume-0.nii").touch()
    with pytest.raises(BenchError, match="other than a phantom"):
        write(tmp_path / "y", "lits")
    assert json.loads((tmp_path / "x" / "phantom.json").read_text())["as"] == "kits"


@pytest.mark.parametrize("kind", list(ORGAN_LABELS))
def test_organ_and_lesions_by_hand(kind: str, tiny_cases: tuple[PhantomCase, ...]) -> None:
    """One voxel of everything: what the organ's own lesions cover is theirs, what others cover is nobody's."""
    case = tiny_cases[0]
    tissues = np.array([Tissue.LIVER, Tissue.KIDNEY_LEFT, Tissue.KIDNEY_RIGHT, Tissue.FAT, Tissue.VESSEL], np.uint8)
    ids = np.array([0, *(lesion.id for lesion in LESION_CLASSES)], np.uint8)
    label, tissue = (np.ascontiguousarray(one)[None] for one in np.meshgrid(ids, tissues))
    toy = PhantomCase(case.patient, case.image, label, tissue, case.spacing_mm, case.origin_mm)
    # Rows are tissues; columns as in `LESION_CLASSES`, after none.
    expected = {
        "lits": [[1, 0, 0, 2, 0, 0, 1, 0], *[[0, 0, 0, 2, 0, 0, 1, 0]] * 4],
        "kits": [[0, 0, 1, 0, 2, 0, 0, 3], *[[1, 0, 1, 0, 2, 0, 0, 3]] * 2, *[[0, 0, 1, 0, 2, 0, 0, 3]] * 2],
    }[kind]
    assert organ_label_map(toy, ORGAN_LABELS[kind])[0].tolist() == expected


@pytest.mark.parametrize(("kind", "ml", "parts"), [("lits", (900, 2600), 1), ("kits", (150, 900), 2)])
def test_organs_are_whole_and_of_their_size(
    tiny_cases: tuple[PhantomCase, ...], kind: str, ml: tuple[int, int], parts: int
) -> None:
    for case in tiny_cases[:6]:
        organ = organ_label_map(case, ORGAN_LABELS[kind]) > 0
        assert ml[0] < organ.sum() * np.prod(case.spacing_mm) / 1000 < ml[1]
        sizes = np.bincount(cc3d.connected_components(organ, connectivity=26).ravel())[1:]
        # Crumbs are what vessels and lesions of others cut off.
        assert np.sort(sizes)[-parts:].sum() > 0.98 * sizes.sum()
