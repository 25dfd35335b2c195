from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.errors import BenchError
from mswal_bench.benchmark.volumes.metaimage_header import read_metaimage_header

LINES = {
    "ObjectType": "Image",
    "NDims": "3",
    "BinaryData": "True",
    "BinaryDataByteOrderMSB": "False",
    "CompressedData": "False",
    "TransformMatrix": "1 0 0 0 1 0 0 0 1",
    "Offset": "7 8 9",
    "ElementSpacing": "1 2 3",
    "DimSize": "3 4 5",
    "ElementType": "MET_UCHAR",
    "ElementDataFile": "LOCAL",
}


def _save(path: Path, **change: str | None) -> Path:
    lines = {key: value for key, value in {**LINES, **change}.items() if value is not None}
    last = lines.pop("ElementDataFile", None)
    text = "".join(f"{key} = {value}\n" for key, value in lines.items())
    path.write_bytes((text + (f"ElementDataFile = {last}\n" if last else "")).encode() + bytes(60))
    return path


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("compressed", [True, False])
def test_read_as_simpleitk_writes_it(tmp_path: Path, seed: int, compressed: bool) -> None:
    random = np.random.default_rng(seed)
    image = SimpleITK.GetImageFromArray(np.zeros((2, 3, 4), np.int16))
    image.SetDirection(np.linalg.qr(random.normal(size=(3, 3)))[0].ravel().tolist())
    image.SetSpacing(random.uniform(0.3, 5, 3).tolist())
    image.SetOrigin(random.uniform(-900, 900, 3).tolist())
    path = tmp_path / "a.mha"
    SimpleITK.WriteImage(image, str(path), compressed)
    header = read_metaimage_header(path)
    assert header.geometry.shape == image.GetSize()
    np.testing.assert_allclose(header.geometry.spacing_mm, image.GetSpacing())
    np.testing.assert_allclose(header.geometry.origin_mm, image.GetOrigin())
    np.testing.assert_allclose(header.geometry.direction, image.GetDirection(), atol=1e-12)
    assert header.dtype == np.dtype("<i2")
    assert header.packing == ("zlib" if compressed else "none")


def test_defaults_and_other_names(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.mha", Offset=None, Position="1 2 3", TransformMatrix=None, ElementSpacing=None)
    geometry = read_metaimage_header(path).geometry
    assert geometry.origin_mm == (1, 2, 3)
    assert geometry.spacing_mm == (1, 1, 1)
    assert geometry.direction == (1, 0, 0, 0, 1, 0, 0, 0, 1)


def test_big_endian(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.mha", BinaryDataByteOrderMSB="True", ElementType="MET_USHORT")
    assert read_metaimage_header(path).dtype == np.dtype(">u2")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ElementDataFile": "voxels.raw"}, "in another file"),
        ({"ElementDataFile": None}, "not a MetaImage file"),
        ({"BinaryData": "False"}, "stored as text"),
        ({"ElementType": "MET_STRING"}, "neither integers nor floats"),
        ({"ElementNumberOfChannels": "3"}, "3 channels"),
        ({"DimSize": "3 4"}, "not one 3D volume"),
        ({"DimSize": "3 4 0"}, "not one 3D volume"),
        ({"DimSize": "3 4 5 2"}, "not one 3D volume"),
        ({"DimSize": "three"}, "no valid DimSize"),
        ({"DimSize": None}, "no valid DimSize"),
        ({"ElementSpacing": "1 2"}, "no valid ElementSpacing"),
        ({"ElementSpacing": "1 0 1"}, "no valid spacing"),
        ({"Offset": "nan 0 0"}, "no valid Offset"),
        ({"TransformMatrix": "1 0 0 1 1 0 0 0 1"}, "right angles"),
        ({"TransformMatrix": "1 0 0 1"}, "no valid TransformMatrix"),
    ],
)
def test_what_is_refused(tmp_path: Path, change: dict[str, str | None], message: str) -> None:
    path = _save(tmp_path / "bad.mha", **change)
    with pytest.raises(BenchError, match=message) as error:
        read_metaimage_header(path)
    assert str(path) in str(error.value)


def test_noise_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.mha"
    path.write_bytes(np.random.default_rng(0).bytes(10_000))
    with pytest.raises(BenchError, match="not a MetaImage"):
        read_metaimage_header(path)
