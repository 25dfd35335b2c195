"""Every kind of fault, how it is planted, and what is to be found then."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK

from .raw_folder import Array, edit_description, edit_header, edit_voxels, image_of, label_of

Plant = Callable[[Path], object]


NOT_UTF8 = os.fsdecode(b"caf\xe9")
IMAGE, LABEL = "imagesTr/PHANTOM_0001_0000.nii.gz", "labelsTr/PHANTOM_0001.nii.gz"


DESCRIPTION = "dataset.json"
REGIONS = {"background": 0, "stones": [1, 2], "tumors": [3, 4, 5], "cysts": [6, 7]}


def labels_of(raw: Path) -> dict[str, int]:
    labels: dict[str, int] = json.loads((raw / DESCRIPTION).read_text())["labels"]
    return labels


def reversed_labels(raw: Path) -> dict[str, str]:
    return {str(value): name for name, value in labels_of(raw).items()}


def set_voxel(place: tuple[int, int, int], value: float) -> Callable[[Array], Array]:
    def change(array: Array) -> Array:
        whole = float(value).is_integer() and np.issubdtype(array.dtype, np.integer)
        array = array.astype(np.int16 if whole else np.float32)
        array[place] = value
        return array

    return change


def cut_to(path: Path, end: int) -> None:
    path.write_bytes(path.read_bytes()[:end])


def flip_byte(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)


def more_voxels(path: Path) -> None:
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + b"x"))


def as_4d(path: Path) -> None:
    volume = SimpleITK.ReadImage(str(path))
    SimpleITK.WriteImage(SimpleITK.JoinSeries([volume, volume]), str(path), useCompression=True)


def stored_as(path: Path, order: tuple[int, int, int], flipped: bool) -> None:
    """The same voxels in the same places."""
    volume = SimpleITK.PermuteAxes(SimpleITK.ReadImage(str(path)), order)
    SimpleITK.WriteImage(SimpleITK.Flip(volume, (flipped, False, False)), str(path), useCompression=True)


def linked_to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere.nii.gz")


def folder_in_place_of(path: Path) -> None:
    path.unlink()
    path.mkdir()


def spaced_50_mm(raw: Path) -> None:
    for path in (image_of(raw), label_of(raw)):
        volume = SimpleITK.ReadImage(str(path))
        volume.SetSpacing((4, 4, 50))
        SimpleITK.WriteImage(volume, str(path), useCompression=True)


def in_metres(path: Path) -> None:
    def smaller(value: Array) -> Array:
        return value / 1000

    edit_header(path, xyzt_units=1, pixdim=lambda v: np.concatenate([v[:1], v[1:4] / 1000, v[4:]]), qoffset=smaller,
                srow=smaller)  # fmt: skip


def moved_to_test(raw: Path) -> None:
    """A test case under the name of a training case."""
    image_of(raw, 485).rename(image_of(raw, 485).with_name("PHANTOM_0001_0000.nii.gz"))
    label_of(raw, 485).rename(label_of(raw, 485).with_name("PHANTOM_0001.nii.gz"))


def copied_voxels(source: Path, target: Path) -> None:
    """Under another type and compression, so that no byte of the file is the same."""
    volume = SimpleITK.Cast(SimpleITK.ReadImage(str(source)), SimpleITK.sitkFloat32)
    SimpleITK.WriteImage(volume, str(target), True, 1)


def scaled_to_8_bits(path: Path) -> None:
    """As nibabel saves labels that are held as floats under a header of 8 bits."""
    edit_voxels(path, lambda array: np.rint(array * (255 / 7)).astype(np.uint8))
    edit_header(path, **slope(7 / 255))


def placed_twice(*paths: Path) -> None:
    """With a code of 2, SimpleITK takes the qform and nibabel the sform."""
    for path in paths:
        edit_header(path, qoffset=lambda old: old + 30, sform_code=2, qform_code=1)


def without_image_of_test(raw: Path) -> None:
    image_of(raw, 485).unlink()


FAULTS: list[tuple[str, Plant, list[tuple[str, str]]]] = [
    # The folder.
    ("no description", lambda raw: (raw / DESCRIPTION).unlink(), [("description", DESCRIPTION)]),
    ("no JSON", lambda raw: (raw / DESCRIPTION).write_text("{"), [("description", DESCRIPTION)]),
    ("a list", lambda raw: (raw / DESCRIPTION).write_text("[1]"), [("description", DESCRIPTION)]),
    ("labels are numbers", lambda raw: edit_description(raw, labels=[0, 1]), [("description", DESCRIPTION)]),
    ("labels as v1's", lambda raw: edit_description(raw, labels=reversed_labels(raw)),
     [("labels-reversed", DESCRIPTION)]),
    ("regions", lambda raw: edit_description(raw, labels=REGIONS, regions_class_order=[1, 3, 6]),
     [("regions", DESCRIPTION)]),
    ("voxels to ignore", lambda raw: edit_description(raw, labels=labels_of(raw) | {"ignore": 8}),
     [("ignore-label", DESCRIPTION)]),
    ("an order of no regions", lambda raw: edit_description(raw, regions_class_order=[1, 3, 6]),
     [("class-order", DESCRIPTION)]),
    ("another format", lambda raw: edit_description(raw, file_ending=".png"), [("description", DESCRIPTION)]),
    ("numTraining", lambda raw: edit_description(raw, numTraining=4), [("case-count", DESCRIPTION)]),
    ("a stranger", lambda raw: (raw / "imagesTr" / "notes.txt").touch(), [("misnamed", "imagesTr/notes.txt")]),
    (
        "a name in latin-1",
        lambda raw: (raw / "imagesTr" / f"{NOT_UTF8}_0000.nii.gz").touch(),
        [("not-unicode", f"imagesTr/{NOT_UTF8}_0000.nii.gz")],
    ),
    (
        "no channel",
        lambda raw: shutil.copy(image_of(raw), raw / "imagesTr" / "CASE.nii.gz"),
        [("misnamed", "imagesTr/CASE.nii.gz")],
    ),
    (
        "another ending",
        lambda raw: label_of(raw).rename(raw / "labelsTr" / "PHANTOM_0001.nii"),
        [("misnamed", "labelsTr/PHANTOM_0001.nii")],
    ),
    (
        "two labels",
        lambda raw: shutil.copy(label_of(raw), raw / "labelsTr" / "PHANTOM_0001.nii"),
        [("two-files", "labelsTr/PHANTOM_0001.nii")],
    ),
    ("image linked to nowhere", lambda raw: linked_to_nowhere(image_of(raw)), [("broken-link", IMAGE)]),
    ("label linked to nowhere", lambda raw: linked_to_nowhere(label_of(raw)), [("broken-link", LABEL)]),
    ("no label", lambda raw: label_of(raw).unlink(), [("no-label", IMAGE)]),
    ("no image", without_image_of_test, [("no-image", "labelsTs/PHANTOM_0485.nii.gz")]),
    ("train and test", moved_to_test, [("train-and-test", "imagesTs/PHANTOM_0001_0000.nii.gz")]),
    # Any file.
    ("text", lambda raw: image_of(raw).write_text("no volume " * 100), [("unreadable", IMAGE)]),
    ("a folder", lambda raw: folder_in_place_of(label_of(raw)), [("unreadable", LABEL)]),
    ("empty image", lambda raw: image_of(raw).write_bytes(b""), [("truncated", IMAGE)]),
    ("image cut off", lambda raw: cut_to(image_of(raw), 99_999), [("truncated", IMAGE)]),
    ("label cut off", lambda raw: cut_to(label_of(raw), -99), [("truncated", LABEL)]),
    ("cut in its header", lambda raw: cut_to(label_of(raw), 40), [("truncated", LABEL)]),
    ("checksum cut off", lambda raw: cut_to(label_of(raw), -8), [("truncated", LABEL)]),
    ("wrong checksum", lambda raw: flip_byte(image_of(raw), -8), [("corrupt", IMAGE)]),
    ("more than the header says", lambda raw: more_voxels(label_of(raw)), [("corrupt", LABEL)]),
    ("4D image", lambda raw: as_4d(image_of(raw)), [("not-3d", IMAGE)]),
    ("4D label", lambda raw: as_4d(label_of(raw)), [("not-3d", LABEL)]),
    ("image of spacing 0", lambda raw: edit_header(image_of(raw), pixdim=np.zeros(8)), [("bad-geometry", IMAGE)]),
    ("label of spacing 0", lambda raw: edit_header(label_of(raw), pixdim=np.zeros(8)), [("bad-geometry", LABEL)]),
    ("label at NaN", lambda raw: edit_header(label_of(raw), srow=np.nan, qoffset=np.nan), [("bad-geometry", LABEL)]),
    ("50 mm", spaced_50_mm, [("spacing", IMAGE)]),
    (
        "two places",
        lambda raw: edit_header(image_of(raw), qoffset=lambda old: old + 30, sform_code=1, qform_code=1),
        [("two-places", IMAGE)],
    ),
    (
        "a placement that readers take differently",
        lambda raw: placed_twice(image_of(raw), label_of(raw)),
        [("readers-differ", IMAGE), ("readers-differ", LABEL)],
    ),
    ("slope 0", lambda raw: edit_header(image_of(raw), scl_slope=0.0, scl_inter=1.0), [("bad-scaling", IMAGE)]),
    ("metres", lambda raw: in_metres(image_of(raw)), [("length-unit", IMAGE), ("readers-differ", IMAGE)]),
    # Images.
    ("blank", lambda raw: edit_voxels(image_of(raw), lambda array: array * 0 + 40), [("blank-image", IMAGE)]),
    ("NaN in the image", lambda raw: edit_voxels(image_of(raw), set_voxel((5, 5, 5), np.inf)), [("not-finite", IMAGE)]),
    ("nothing but NaN", lambda raw: edit_voxels(image_of(raw), lambda a: a * np.nan), [("not-finite", IMAGE)]),
    ("not from -1024", lambda raw: edit_voxels(image_of(raw), lambda array: array + 1024), [("hu-range", IMAGE)]),
    ("windowed", lambda raw: edit_voxels(image_of(raw), lambda array: array.clip(-150, 250)), [("hu-range", IMAGE)]),
    # Labels.
    (
        "another spacing",
        lambda raw: edit_header(label_of(raw), pixdim=lambda v: v * [1, 1, 1, 1.5, 1, 1, 1, 1], sform_code=0),
        [("geometry-differs", LABEL)],
    ),
    (
        "another origin",
        lambda raw: edit_header(label_of(raw), qoffset=lambda v: v + 1, srow=lambda v: v + np.eye(4)[3] * [1, 1, 1, 1]),
        [("geometry-differs", LABEL)],
    ),
    (
        "another direction",
        lambda raw: edit_header(label_of(raw), quatern=[1, 0, 0], sform_code=0),
        [("geometry-differs", LABEL)],
    ),
    ("flipped in its place", lambda raw: stored_as(label_of(raw), (0, 1, 2), True), [("axes-differ", LABEL)]),
    ("swapped in its place", lambda raw: stored_as(label_of(raw), (2, 0, 1), False), [("axes-differ", LABEL)]),
    ("another shape", lambda raw: edit_voxels(label_of(raw), lambda array: array[:-1]), [("shape-differs", LABEL)]),
    ("1.5", lambda raw: edit_voxels(label_of(raw), set_voxel((5, 5, 5), 1.5)), [("not-integer", LABEL)]),
    ("1.9999", lambda raw: edit_voxels(label_of(raw), set_voxel((5, 5, 5), 1.9999)), [("not-integer", LABEL)]),
    ("a scaled label", lambda raw: edit_header(label_of(raw), **slope(0.3)), [("not-integer", LABEL)]),
    ("labels scaled to 8 bits", lambda raw: scaled_to_8_bits(label_of(raw)), [("scaled-labels", LABEL)]),
    ("8", lambda raw: edit_voxels(label_of(raw), set_voxel((5, 5, 5), 8)), [("unknown-label", LABEL)]),
    ("-1", lambda raw: edit_voxels(label_of(raw), set_voxel((5, 5, 5), -1)), [("unknown-label", LABEL)]),
    ("empty", lambda raw: edit_voxels(label_of(raw), lambda array: array * 0), [("empty-label", LABEL)]),
    ("a speck", lambda raw: edit_voxels(label_of(raw), set_voxel((0, 0, 0), 5)), [("specks", LABEL)]),
    # Between cases.
    (
        "an image twice",
        lambda raw: copied_voxels(image_of(raw, 1), image_of(raw, 2)),
        [("duplicate-image", "imagesTr/PHANTOM_0002_0000.nii.gz")],
    ),
    (
        "a label twice",
        lambda raw: copied_voxels(label_of(raw, 1), label_of(raw, 2)),
        [("duplicate-label", "labelsTr/PHANTOM_0002.nii.gz")],
    ),
    (
        "a leak",
        lambda raw: copied_voxels(image_of(raw, 1), image_of(raw, 486)),
        [("test-in-training", "imagesTs/PHANTOM_0486_0000.nii.gz")],
    ),
]  # fmt: skip


def slope(slope: float) -> dict[str, float]:
    return {"scl_slope": slope, "scl_inter": 0.0}


def doubled_and_scaled(path: Path) -> None:
    edit_voxels(path, lambda array: array * 2)
    edit_header(path, **slope(0.5))
