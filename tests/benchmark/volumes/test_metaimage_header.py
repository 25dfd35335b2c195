"""MetaImages of every kind that SimpleITK reads, compared with what it reads."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import SimpleITK

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.volumes.label_maps import read_label_map
from mswal_bench.benchmark.volumes.metaimage_header import read_metaimage_header
from mswal_bench.benchmark.volumes.volume_header import files_of, read_header

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
_LABELS = np.random.default_rng(0).integers(0, 8, (5, 4, 3)).astype(np.uint8)


def _save(
    path: Path, change: Mapping[str, str | None] = MappingProxyType({}), between: str = " = ", dtype: str = "u1"
) -> Path:
    lines = {key: value for key, value in {**LINES, **change}.items() if value is not None}
    last = lines.pop("ElementDataFile", None)
    text = "".join(f"{key}{between}{value}\n" for key, value in lines.items())
    end = f"ElementDataFile{between}{last}\n" if last else ""
    path.write_bytes((text + end).encode() + _LABELS.astype(dtype).tobytes())
    return path


def _assert_as_simpleitk(path: Path) -> None:
    image = SimpleITK.ReadImage(str(path))
    geometry = read_header(path).geometry
    assert geometry.shape == image.GetSize()
    np.testing.assert_allclose(geometry.spacing_mm, image.GetSpacing())
    np.testing.assert_allclose(geometry.origin_mm, image.GetOrigin())
    np.testing.assert_allclose(geometry.direction, image.GetDirection(), atol=1e-12)
    np.testing.assert_array_equal(read_label_map(path, 7).to_array(), SimpleITK.GetArrayFromImage(image))


@pytest.mark.parametrize("compressed", [True, False])
def test_read_as_simpleitk_writes_it(tmp_path: Path, compressed: bool) -> None:
    random = np.random.default_rng(0)
    for seed, dtype in enumerate(["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]):
        image = SimpleITK.GetImageFromArray(random.integers(0, 8, (2, 3, 4)).astype(dtype))
        image.SetDirection(np.linalg.qr(random.normal(size=(3, 3)))[0].ravel().tolist())
        image.SetSpacing(random.uniform(0.3, 5, 3).tolist())
        image.SetOrigin(random.uniform(-900, 900, 3).tolist())
        for suffix in (".mha", ".mhd"):
            path = tmp_path / f"{seed}{suffix}"
            SimpleITK.WriteImage(image, str(path), compressed)
            assert read_header(path).dtype == np.dtype(dtype)
            assert read_header(path).packing == ("zlib" if compressed else "none")
            _assert_as_simpleitk(path)


@pytest.mark.parametrize(
    "change",
    [
        {"ElementSpacing": None, "ElementSize": "0.7 0.7 5"},
        {"ElementSpacing": None},
        {"ElementSize": "9 9 9"},
        {"ElementSpacing": "0.7 0.7 -2.5"},
        {"TransformMatrix": None, "Rotation": "0 1 0 1 0 0 0 0 1"},
        {"TransformMatrix": None, "Orientation": "0 1 0 1 0 0 0 0 1"},
        {"BinaryDataByteOrderMSB": None},
        {"BinaryData": "T", "CompressedData": "0"},
        {"BinaryData": "1"},
        {"BinaryData": "TRUE", "ElementDataFile": "Local"},
        {"AnatomicalOrientation": "LPS", "CenterOfRotation": "4 5 6"},
        {"NDims": "4", "DimSize": "3 4 5 1", "TransformMatrix": None, "Offset": None, "ElementSpacing": "1 2 3 4"},
    ],
)
def test_read_as_simpleitk_reads_it(tmp_path: Path, change: dict[str, str | None]) -> None:
    path = _save(tmp_path / "a.mha", change)
    if "NDims" in change:
        image = SimpleITK.ReadImage(str(path))[..., 0]
        assert read_header(path).geometry.shape == image.GetSize()
        assert read_header(path).geometry.spacing_mm == image.GetSpacing()
    else:
        _assert_as_simpleitk(path)


def test_spacing_where_only_the_size_of_elements_is_told(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.mha", {"ElementSpacing": None, "ElementSize": "0.7 0.7 5"})
    assert read_header(path).geometry.spacing_mm == (0.7, 0.7, 5)


def test_the_four_names_of_the_origin_in_any_order(tmp_path: Path) -> None:
    names = ("ImagePosition", "Offset", "Origin", "Position")
    for number, order in enumerate(itertools.permutations(names, 3)):
        path = tmp_path / f"{number}.mha"
        origins = "".join(f"{name} = {1 + names.index(name)} 0 0\n" for name in order)
        path.write_bytes(_save(path).read_bytes().replace(b"Offset = 7 8 9\n", origins.encode()))
        _assert_as_simpleitk(path)


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        ("MET_LONG", "i4"), ("MET_ULONG", "u4"), ("MET_INT", "i4"), ("MET_LONG_LONG", "i8"), ("MET_FLOAT", "f4"),
        ("MET_SHORT", "i2"), ("MET_ULONG_LONG", "u8"), ("MET_CHAR", "i1"), ("MET_DOUBLE", "f8"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("name", ["BinaryDataByteOrderMSB", "ElementByteOrderMSB"])
def test_types_and_byte_orders(tmp_path: Path, kind: str, dtype: str, order: str, name: str) -> None:
    msb: dict[str, str | None] = {"BinaryDataByteOrderMSB": None, name: str(order == ">")}
    _assert_as_simpleitk(_save(tmp_path / "a.mha", {"ElementType": kind, **msb}, dtype=order + dtype))


@pytest.mark.parametrize("between", [" = ", "=", ": ", ":"])
def test_signs_between_key_and_value(tmp_path: Path, between: str) -> None:
    _assert_as_simpleitk(_save(tmp_path / "a.mha", between=between))


def test_headers_of_hundreds_of_lines_and_of_long_ones(tmp_path: Path) -> None:
    image = SimpleITK.GetImageFromArray(_LABELS)
    for number in range(400):
        image.SetMetaData(f"Segment{number}_Name", "a name")
    image.SetMetaData("Segmentation_ConversionParameters", "a parameter|1|what it does&" * 400)
    SimpleITK.WriteImage(image, str(tmp_path / "a.mha"))
    _assert_as_simpleitk(tmp_path / "a.mha")


def test_voxels_in_a_file_beside_the_header(tmp_path: Path) -> None:
    raw = tmp_path / "voxels.raw"
    path = _save(tmp_path / "a.mhd", {"ElementDataFile": "voxels.raw"})
    raw.write_bytes(_LABELS.tobytes())
    _assert_as_simpleitk(path)
    assert files_of(path) == (path, raw)
    raw.write_bytes(b"x" * 100 + _LABELS.tobytes())
    for skipped in ("100", "-1"):
        _assert_as_simpleitk(_save(tmp_path / "a.mhd", {"ElementDataFile": "voxels.raw", "HeaderSize": skipped}))
    raw.write_bytes(_LABELS.tobytes()[:-1])
    with pytest.raises(BenchError, match="cut off"):
        read_label_map(_save(tmp_path / "a.mhd", {"ElementDataFile": "voxels.raw"}), 7)
    raw.unlink()
    with pytest.raises(BenchError, match="No such file"):
        read_label_map(path, 7)


@pytest.mark.parametrize("name", ["../voxels.raw", "/etc/hostname", "LIST", "a%03d.raw 1 5 1", "folder/x.raw", ".."])
def test_voxels_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BenchError, match=r"not in one file beside|No such file"):
        read_label_map(_save(tmp_path / "a.mhd", {"ElementDataFile": name}), 7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ElementDataFile": None}, "not a MetaImage file"),
        ({"BinaryData": "False"}, "stored as text"),
        ({"BinaryData": "perhaps"}, "no valid BinaryData"),
        ({"ElementType": "MET_STRING"}, "neither integers nor floats"),
        ({"ElementType": None}, "no ElementType"),
        ({"ElementNumberOfChannels": "3"}, "3 channels"),
        ({"HeaderSize": "10"}, "HeaderSize"),
        ({"NDims": "99"}, "not one 3D volume"),
        ({"NDims": "x"}, "no valid NDims"),
        ({"DimSize": "3 4"}, "no valid DimSize"),
        ({"DimSize": "3 4 0"}, "not one 3D volume"),
        ({"DimSize": "3 4 5 2"}, "no valid DimSize"),
        ({"DimSize": "three"}, "no valid DimSize"),
        ({"DimSize": None}, "no DimSize"),
        ({"ElementSpacing": "1 2"}, "no valid ElementSpacing"),
        ({"ElementSpacing": "1 0 1"}, "no valid spacing"),
        ({"Offset": "nan 0 0"}, "no valid Offset"),
        ({"TransformMatrix": "1 0 0 1 1 0 0 0 1"}, "right angles"),
        ({"TransformMatrix": "1 0 0 1"}, "no valid TransformMatrix"),
    ],
)
def test_what_is_refused(tmp_path: Path, change: dict[str, str | None], message: str) -> None:
    path = _save(tmp_path / "bad.mha", change)
    with pytest.raises(BenchError, match=message) as error:
        read_metaimage_header(path)
    assert str(path) in str(error.value)


def test_lines_that_contradict_are_refused(tmp_path: Path) -> None:
    path = _save(tmp_path / "bad.mha")
    twice = path.read_bytes().replace(b"Offset = 7 8 9\n", b"Offset = 7 8 9\nOffset = 1 2 3\n")
    early = path.read_bytes().replace(b"NDims = 3\n", b"").replace(b"ElementType", b"NDims = 3\nElementType")
    for content, message in ((twice, "two lines of Offset"), (early, "TransformMatrix before NDims")):
        path.write_bytes(content)
        with pytest.raises(BenchError, match=message):
            read_metaimage_header(path)


def test_noise_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.mha"
    path.write_bytes(np.random.default_rng(0).bytes(10_000))
    with pytest.raises(BenchError, match="not a MetaImage"):
        read_metaimage_header(path)
