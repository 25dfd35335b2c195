"""Files as people have them, scored from the file on; what a reader elsewhere would see is in the notes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring.case_store import ResultStore
from mswal_bench.benchmark.scoring.labels_digest import labels_digest
from mswal_bench.benchmark.scoring.score_files import CaseOutcome, CaseToScore, score_case_files, score_files

_AFFINE = np.diag([-0.7, -0.7, 5.0, 1.0])


def _labels() -> np.ndarray:
    labels = np.zeros((12, 11, 10), np.uint8)
    labels[2:5, 2:5, 2:5], labels[6:9, 6:9, 6:9] = 1, 7
    return labels


def _save(path: Path, labels: np.ndarray, **header: object) -> Path:
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.Nifti1Image(labels, _AFFINE)
    for name, value in header.items():
        image.header[name] = value
    nibabel.save(image, path)
    return path


def _outcome(reference: Path, prediction: Path) -> CaseOutcome:
    return score_case_files(CaseToScore("a", reference, {"m": prediction}), MSWAL_1, details=False)


def test_a_shift_by_one_slice_is_as_far_as_the_size_of_elements_says(tmp_path: Path) -> None:
    """A MetaImage that gives ElementSize and no ElementSpacing."""
    paths = []
    for name, labels in (("ref", _labels()), ("pred", np.roll(_labels(), 1, 2))):
        text = (
            "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nOffset = 0 0 0\n"
            "ElementSize = 0.7 0.7 5\nDimSize = 12 11 10\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
        )
        paths.append(tmp_path / f"{name}.mha")
        paths[-1].write_bytes(text.encode() + labels.tobytes("F"))
    surfaces = score_files(*paths, details=True).surfaces
    assert surfaces is not None
    assert surfaces[1].hd95_mm == pytest.approx(5)


def test_labels_scaled_into_8_bits_score_in_full_and_are_noted(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    reference = _save(tmp_path / "ref.nii.gz", _labels())
    like = nibabel.load(reference)
    prediction = tmp_path / "pred.nii.gz"
    nibabel.save(nibabel.Nifti1Image(_labels().astype(float), like.affine, like.header), prediction)
    outcome = _outcome(reference, prediction)
    assert outcome.problems == []
    assert all(counts.intersection_voxels == counts.reference_voxels for counts in outcome.scores["m"].classes.values())
    (note,) = outcome.notes
    assert "nnU-Net cuts off decimals and would lose label 1" in note


def test_the_note_stays_when_the_score_is_in_the_store(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    reference = _save(tmp_path / "ref.nii.gz", _labels())
    like = nibabel.load(reference)
    scaled = tmp_path / "scaled.nii.gz"
    nibabel.save(nibabel.Nifti1Image(_labels().astype(float), like.affine, like.header), scaled)
    store = ResultStore(tmp_path / "store", MSWAL_1)
    for files in (CaseToScore("a", reference, {"m": scaled}), CaseToScore("a", scaled, {"m": reference})):
        first, second = (score_case_files(files, MSWAL_1, details=False, store=store) for _ in range(2))
        assert (first.reused, second.reused) == (0, 1)
        assert first.notes == second.notes != []


def test_where_readers_differ_is_noted_of_both_files(tmp_path: Path) -> None:
    paths = [_save(tmp_path / f"{name}.nii.gz", _labels(), pixdim=[1, 0.7, 0.7, 4, 0, 0, 0, 0]) for name in "ab"]
    outcome = _outcome(*paths)
    assert outcome.scores["m"].voxel_mm3 == pytest.approx(0.7 * 0.7 * 4)
    assert [note.partition(":")[0] for note in outcome.notes] == [str(path) for path in paths]
    assert all("SimpleITK: spacing (0.7, 0.7, 4); nibabel: spacing (0.7, 0.7, 5)" in note for note in outcome.notes)


def test_a_segmentation_of_3d_slicer_is_scored_by_its_values_if_its_names_are_the_classes(tmp_path: Path) -> None:
    image = SimpleITK.GetImageFromArray(_labels().T)
    reference, prediction = tmp_path / "ref.nrrd", tmp_path / "pred.seg.nrrd"
    SimpleITK.WriteImage(image, str(reference))
    for number, (name, value) in enumerate([("Gallstones", 1), ("kidney cyst", 7)]):
        image.SetMetaData(f"Segment{number}_Name", name)
        image.SetMetaData(f"Segment{number}_LabelValue", str(value))
    SimpleITK.WriteImage(image, str(prediction))
    assert score_files(reference, prediction).classes[7].intersection_voxels == 27
    image.SetMetaData("Segment0_Name", "Kidney stone")
    SimpleITK.WriteImage(image, str(prediction))
    with pytest.raises(BenchError, match="expected 1 gallstone, found 1 'Kidney stone'"):
        score_files(reference, prediction)


def test_voxels_beside_their_header_count_for_what_is_stored(tmp_path: Path) -> None:
    image = SimpleITK.GetImageFromArray(_labels().T)
    header = tmp_path / "a.mhd"
    SimpleITK.WriteImage(image, str(header))
    store = ResultStore(tmp_path / "store", MSWAL_1)
    before = store.keys(header, {"m": header}), labels_digest({"a": header})
    raw = header.with_suffix(".raw")
    raw.write_bytes(bytes(raw.stat().st_size))
    after = store.keys(header, {"m": header}), labels_digest({"a": header})
    assert before[0] != after[0]
    assert before[1] != after[1]
    raw.unlink()
    assert store.keys(header, {"m": header}) == {}
