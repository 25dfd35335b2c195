"""NRRD, 3D Slicer's segmentations and NIfTI pairs, compared with what SimpleITK reads; and what cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.volumes.label_maps import read_label_map
from mswal_bench.benchmark.volumes.volume_header import files_of, read_header

nibabel = pytest.importorskip("nibabel")
_LABELS = np.random.default_rng(0).integers(0, 8, (5, 4, 3)).astype(np.uint8)
_AFFINE = np.diag([-0.7, -0.7, 2.5, 1.0])


def _image(labels: np.ndarray = _LABELS) -> SimpleITK.Image:
    random = np.random.default_rng(1)
    image = SimpleITK.GetImageFromArray(labels)
    image.SetDirection(np.linalg.qr(random.normal(size=(3, 3)))[0].ravel().tolist())
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((1, -2, 3))
    return image


def _assert_as_simpleitk(path: Path) -> None:
    image = SimpleITK.ReadImage(str(path))
    geometry = read_header(path).geometry
    assert geometry.shape == image.GetSize()
    for ours, theirs in (
        (geometry.spacing_mm, image.GetSpacing()),
        (geometry.origin_mm, image.GetOrigin()),
        (geometry.direction, image.GetDirection()),
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    np.testing.assert_array_equal(read_label_map(path, 7).to_array(), SimpleITK.GetArrayFromImage(image))


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u4", "i8", "f4", "f8"])
def test_nrrd(tmp_path: Path, compressed: bool, dtype: str) -> None:
    SimpleITK.WriteImage(_image(_LABELS.astype(dtype)), str(tmp_path / "a.nrrd"), compressed)
    _assert_as_simpleitk(tmp_path / "a.nrrd")


def _nrrd(path: Path, change: Mapping[str, str] = MappingProxyType({}), content: bytes = _LABELS.tobytes()) -> Path:
    lines = {
        "type": "unsigned char", "dimension": "3", "space": "right-anterior-superior", "sizes": "3 4 5",
        "space directions": "(0.7,0,0) (0,0.7,0) (0,0,2.5)", "kinds": "domain domain domain", "encoding": "raw",
        "space origin": "(1,2,3)", **change,
    }  # fmt: skip
    text = "".join(f"{key}: {value}\n" for key, value in lines.items() if value)
    path.write_bytes(f"NRRD0005\n# by hand\n{text}\n".encode() + content)
    return path


def test_nrrd_in_other_words(tmp_path: Path) -> None:
    _assert_as_simpleitk(_nrrd(tmp_path / "a.nrrd"))
    _assert_as_simpleitk(_nrrd(tmp_path / "b.nrrd", {"space": "LPS"}))
    plain = {"space": "", "space directions": "", "space origin": "", "spacings": "0.7 0.8 2.5"}
    _assert_as_simpleitk(_nrrd(tmp_path / "c.nrrd", plain))
    big = _LABELS.astype(">i2").tobytes()
    _assert_as_simpleitk(_nrrd(tmp_path / "d.nrrd", {"type": "short", "endian": "big"}, big))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoding": "hex"}, "an encoding that is not supported"),
        ({"encoding": "bzip2"}, "an encoding that is not supported"),
        ({"data file": "voxels.raw"}, "in another file"),
        ({"byte skip": "5"}, "not right behind the header"),
        ({"dimension": "17"}, "no valid dimension"),
        ({"dimension": "x"}, "no valid dimension"),
        ({"sizes": "3 4"}, "SimpleITK cannot read the header"),
        ({"type": "block"}, "SimpleITK cannot read the header"),
        ({"space directions": "(0.7,0,0) (0.7,0.7,0) (0,0,2.5)"}, "right angles"),
        ({"sizes": "3 4 50"}, "cut off"),
        ({"sizes": "3 4 4"}, "more than its header says"),
    ],
)
def test_nrrd_that_is_refused(tmp_path: Path, change: dict[str, str], message: str) -> None:
    with pytest.raises(BenchError, match=message) as error:
        read_label_map(_nrrd(tmp_path / "a.nrrd", change), 7)
    assert str(tmp_path / "a.nrrd") in str(error.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("space origin: (9,9,9)", "two lines of 'space origin'"),
        ("endian: big\nendian: little", "two lines of 'endian'"),
        ("bogus: 1", "unknown line, 'bogus'"),
    ],
)
def test_nrrd_lines_that_simpleitk_refuses(tmp_path: Path, line: str, message: str) -> None:
    path = _nrrd(tmp_path / "a.nrrd")
    path.write_bytes(path.read_bytes().replace(b"encoding:", f"{line}\nencoding:".encode()))
    with pytest.raises(RuntimeError):
        SimpleITK.ReadImage(str(path))
    with pytest.raises(BenchError, match=message):
        read_header(path)


def test_no_nrrd(tmp_path: Path) -> None:
    (tmp_path / "a.nrrd").write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(BenchError, match="not an NRRD file"):
        read_header(tmp_path / "a.nrrd")


def _segmentation(path: Path, layers: tuple[int, int] = (0, 0)) -> Path:
    image = _image()
    for number, (name, value) in enumerate([("Gallstone", 1), ("kidney_cyst", 7)]):
        image.SetMetaData(f"Segment{number}_Name", name)
        image.SetMetaData(f"Segment{number}_LabelValue", str(value))
        image.SetMetaData(f"Segment{number}_Layer", str(layers[number]))
    SimpleITK.WriteImage(image, str(path), True)
    return path


def test_a_segmentation_of_one_layer(tmp_path: Path) -> None:
    path = _segmentation(tmp_path / "a.seg.nrrd")
    _assert_as_simpleitk(path)
    assert read_header(path).segments == {1: "Gallstone", 7: "kidney_cyst"}


def test_two_segments_of_one_value_are_refused(tmp_path: Path) -> None:
    path = _segmentation(tmp_path / "a.seg.nrrd")
    image = SimpleITK.ReadImage(str(path))
    image.SetMetaData("Segment1_LabelValue", "1")
    SimpleITK.WriteImage(image, str(path), True)
    with pytest.raises(BenchError, match="two segments have one label value"):
        read_header(path)


def test_overlapping_segments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"overlap: .* found 2 layers\. In 3D Slicer, export"):
        read_header(_segmentation(tmp_path / "a.seg.nrrd", (0, 1)))
    vector = SimpleITK.Compose(_image(), _image())
    SimpleITK.WriteImage(vector, str(tmp_path / "b.seg.nrrd"))
    with pytest.raises(BenchError, match="2 channels"):
        read_header(tmp_path / "b.seg.nrrd")


def test_a_nifti_pair(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Pair(_LABELS.T, _AFFINE), tmp_path / "a.img")
    path = tmp_path / "a.hdr"
    _assert_as_simpleitk(path)
    assert files_of(path) == (path, tmp_path / "a.img")
    (tmp_path / "a.img").write_bytes((tmp_path / "a.img").read_bytes()[:-1])
    with pytest.raises(BenchError, match="cut off"):
        read_label_map(path, 7)
    (tmp_path / "a.img").unlink()
    with pytest.raises(BenchError, match="No such file"):
        read_label_map(path, 7)


def test_formats_that_say_too_little_or_that_simpleitk_does_not_read(tmp_path: Path) -> None:
    nibabel.save(nibabel.AnalyzeImage(_LABELS.T, _AFFINE), tmp_path / "a.img")
    with pytest.raises(BenchError, match=r"ANALYZE 7\.5"):
        read_header(tmp_path / "a.hdr")
    nibabel.save(nibabel.Nifti2Image(_LABELS.T, _AFFINE), tmp_path / "b.nii.gz")
    with pytest.raises(RuntimeError):
        SimpleITK.ReadImage(str(tmp_path / "b.nii.gz"))
    with pytest.raises(BenchError, match="NIfTI-2 file, which neither SimpleITK nor nnU-Net reads"):
        read_header(tmp_path / "b.nii.gz")
