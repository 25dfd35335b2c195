"""The header of a NIfTI-1 file: how its voxels are stored and where they lie.

Which of the header's two placements counts, and what is refused, follows ITK, and with it SimpleITK, ITK-SNAP and
nnU-Net, so that a prediction that such a tool wrote for an image agrees with the reference of that image.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .geometry import DIRECTION_TOLERANCE, ORIGIN_TOLERANCE_MM, SPACING_TOLERANCE_MM, Geometry, numbers_text, skew
from .stored_volume import DAMAGED, StoredVolume, corrupt, is_gzip, open_gzip, refuse
from .volume_file import VolumeFile

ByteOrder = Literal["<", ">"]
Placement = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Direction, shape (3, 3), and origin, in LPS and the header's unit of length."""

HEADER_BYTES = 348
# What lies between header and voxels is read over; tools leave notes of kilobytes there.
_MOST_OFFSET_BYTES = 1 << 26
# The fields that matter here, of the 348 bytes that nifti1.h lays out.
_FIELDS = {
    "sizeof_hdr": ("i4", 0),
    "dim": ("(8,)i2", 40),
    "datatype": ("i2", 70),
    "pixdim": ("(8,)f4", 76),
    "vox_offset": ("f4", 108),
    "scl_slope": ("f4", 112),
    "scl_inter": ("f4", 116),
    "xyzt_units": ("u1", 123),
    "qform_code": ("i2", 252),
    "sform_code": ("i2", 254),
    "quatern": ("(3,)f4", 256),
    "qoffset": ("(3,)f4", 268),
    "srow": ("(3,4)f4", 280),
    "magic": ("S4", 344),
}
HEADER = np.dtype(
    {
        "names": list(_FIELDS),
        "formats": [kind for kind, _ in _FIELDS.values()],
        "offsets": [offset for _, offset in _FIELDS.values()],
        "itemsize": HEADER_BYTES,
    }
)
_DTYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
_SCANNER = 1
_MM_PER_UNIT = {1: 1000.0, 3: 0.001}
_SAVE_AGAIN = "Save it again as a 3D NIfTI-1 label map."
_TO_LPS = np.array([-1.0, -1.0, 1.0])


# What is not finite is looked for and refused: numpy need not warn of it.
@np.errstate(over="ignore", invalid="ignore")
def read_nifti_header(file: VolumeFile, placed_as: Geometry | None = None) -> StoredVolume:
    """Reads `file`, gzipped or not, either byte order, up to its voxels.

    With `placed_as`, only the shape is the header's and the rest of the geometry is that one's: for a file whose
    placement cannot be read. Raises VolumeError for what is not a NIfTI-1 file with one 3D volume of real numbers.
    """
    packed = is_gzip(file)
    header, order = read_fields(file)
    code = int(header["datatype"])
    if code not in _DTYPES:
        what = "the voxels are neither integers nor floats"
        raise refuse(file, what, "labels", f"NIfTI datatype {code}", _SAVE_AGAIN)
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    # 0 and what is not a number stand for "not scaled".
    scaled = np.isfinite(slope) and slope != 0 and np.isfinite(intercept)
    offset = float(header["vox_offset"])
    if not HEADER_BYTES <= offset <= _MOST_OFFSET_BYTES:
        raise refuse(file, "the header has no valid voxel offset", "352 or more", f"{offset:g}", _SAVE_AGAIN)
    return StoredVolume(
        file=file,
        geometry=_geometry(file, header) if placed_as is None else replace(placed_as, shape=_shape(file, header)),
        dtype=np.dtype(_DTYPES[code]).newbyteorder(order),
        slope=slope if scaled else 1.0,
        intercept=intercept if scaled else 0.0,
        offset_bytes=int(offset),
        packing="gzip" if packed else "none",
    )


def read_fields(file: VolumeFile) -> tuple[np.void, ByteOrder]:
    """The header as it is stored, a value of dtype `HEADER`, and its byte order. Raises VolumeError for no NIfTI-1."""
    return _parse(file, _first_bytes(file, is_gzip(file)))


def _first_bytes(file: VolumeFile, packed: bool) -> bytes:
    with open_gzip(file) if packed else file.open("rb") as stream:
        try:
            start = bytes(stream.read(HEADER_BYTES))
        except EOFError as error:
            raise refuse(file, "the file is cut off within its header", fault="truncated") from error
        except DAMAGED as error:
            raise corrupt(file, error) from error
    if len(start) < HEADER_BYTES:
        raise refuse(file, "not a NIfTI file", f"a header of {HEADER_BYTES} bytes", f"a file of {len(start)}")
    return start


def _parse(file: VolumeFile, start: bytes) -> tuple[np.void, ByteOrder]:
    orders: tuple[ByteOrder, ...] = ("<", ">")
    for order in orders:
        header: np.void = np.frombuffer(start, HEADER.newbyteorder(order))[0]
        size = int(header["sizeof_hdr"])
        if size == 540:
            raise refuse(file, "a NIfTI-2 file, which is not read here", "NIfTI-1", mend=_SAVE_AGAIN)
        if size == HEADER_BYTES:
            magic = bytes(header["magic"])
            if magic == b"ni1":
                raise refuse(file, "a header without voxels (the .hdr of a pair)", mend=_SAVE_AGAIN)
            if magic != b"n+1":
                raise refuse(file, "not a NIfTI file", "the magic bytes n+1", repr(magic), _SAVE_AGAIN)
            return header, order
    raise refuse(file, "not a NIfTI file", mend="Is this another kind of file under a NIfTI name?")


def _shape(file: VolumeFile, header: np.void) -> tuple[int, int, int]:
    count = int(header["dim"][0])
    if not 1 <= count <= 7:
        raise refuse(file, "the header has no valid number of dimensions", "1 to 7", str(count))
    shape = tuple(int(size) for size in header["dim"][1 : count + 1])
    if count < 3 or any(size < 1 for size in shape) or any(size > 1 for size in shape[3:]):
        expected = "one 3D volume with at least a voxel along each axis"
        mend = "Save its only label map as a 3D volume."
        raise refuse(file, "not one 3D volume", expected, f"shape {shape}", mend, fault="not-3d")
    return shape[0], shape[1], shape[2]


def _geometry(file: VolumeFile, header: np.void) -> Geometry:
    shape = _shape(file, header)
    pixdim = np.abs(header["pixdim"][1:4].astype(float))
    if not np.isfinite(pixdim).all() or not pixdim.all():
        found = numbers_text(pixdim)
        raise refuse(file, "the header has no valid spacing", "three positive numbers", found, fault="bad-geometry")
    # The three low bits are the unit of length; 0, unknown, is taken for millimetres as everybody does.
    to_mm = _MM_PER_UNIT.get(int(header["xyzt_units"]) & 7, 1.0)
    direction, origin = _placement(file, header, pixdim)
    return Geometry(
        shape,
        _triple(pixdim * to_mm),
        _triple(origin * to_mm),
        tuple(direction.ravel().tolist()),
    )


def _placement(file: VolumeFile, header: np.void, pixdim: NDArray[np.float64]) -> Placement:
    """Direction, shape (3, 3), and origin in LPS, in the header's unit of length.

    The sform counts when it is the scanner's, the only one, or says what the qform says; otherwise the qform does.
    A header without either is taken as LPS at the origin.
    """
    has_sform, has_qform = header["sform_code"] > 0, header["qform_code"] > 0
    by_sform, by_qform = sform_placement(header), qform_placement(header)
    sheared = not skew(by_sform[0]) <= DIRECTION_TOLERANCE
    if (
        has_sform
        and not sheared
        and (not has_qform or header["sform_code"] == _SCANNER or placed_alike(by_sform, by_qform))
    ):
        steps = np.linalg.norm(header["srow"][:, :3].astype(float), axis=0)
        if np.abs(steps - pixdim).max() > SPACING_TOLERANCE_MM:
            what = "the header contradicts itself about the spacing (sform against pixdim)"
            raise refuse(
                file,
                what,
                numbers_text(steps),
                numbers_text(pixdim),
                "Copy the image's header, for example with SimpleITK's CopyInformation.",
                fault="bad-geometry",
            )
        return _finite(file, *by_sform)
    if has_qform:
        return _finite(file, *by_qform)
    if has_sform:
        what = "the axes of the grid are not at right angles (a sheared sform), which nnU-Net and ITK cannot read"
        mend = "Resample the image and its labels to a grid without shear."
        raise refuse(file, what, mend=mend, fault="bad-geometry")
    return np.eye(3), np.zeros(3)


def placed_alike(one: Placement, other: Placement) -> bool:
    """Whether two placements differ by no more than what rounding does; one that is not finite is like none."""
    return bool(
        np.abs(one[0] - other[0]).max() <= DIRECTION_TOLERANCE
        and np.abs(one[1] - other[1]).max() <= ORIGIN_TOLERANCE_MM
    )


def sform_placement(header: np.void) -> Placement:
    """Direction and origin, LPS, as the sform says; NaN for an axis that it gives no direction."""
    affine = header["srow"].astype(float)
    steps = np.linalg.norm(affine[:, :3], axis=0)
    # A column of zeros has no direction; NaN marks it, and makes the sform one that does not count.
    direction = np.divide(affine[:, :3], steps, out=np.full((3, 3), np.nan), where=np.broadcast_to(steps > 0, (3, 3)))
    return direction * _TO_LPS[:, None], affine[:, 3] * _TO_LPS


def qform_placement(header: np.void) -> Placement:
    """Direction and origin, LPS: the rotation of a unit quaternion (a, b, c, d), of which the header has b, c, d."""
    b, c, d = header["quatern"].astype(float).tolist()
    squares = b * b + c * c + d * d
    a = np.sqrt(max(0.0, 1.0 - squares))
    # Rounded to 32 bits, a half turn's b, c, d can be a little longer than 1.
    a, b, c, d = np.array([a, b, c, d]) / max(1.0, np.sqrt(squares))
    direction: NDArray[Any] = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    if header["pixdim"][0] < 0:
        direction[:, 2] *= -1
    return direction * _TO_LPS[:, None], header["qoffset"].astype(float) * _TO_LPS


def _finite(file: VolumeFile, direction: NDArray[np.float64], origin: NDArray[np.float64]) -> Placement:
    if not (np.isfinite(direction).all() and np.isfinite(origin).all()):
        raise refuse(
            file,
            "the header places the volume with numbers that are not finite",
            mend="Copy the image's header, for example with SimpleITK's CopyInformation.",
            fault="bad-geometry",
        )
    return direction, origin


def _triple(values: NDArray[np.float64]) -> tuple[float, float, float]:
    first, second, third = values.tolist()
    return first, second, third
