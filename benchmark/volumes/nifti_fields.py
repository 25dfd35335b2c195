"""Reads the fields of a NIfTI-1 header as they are stored."""

from __future__ import annotations

from typing import Literal

import numpy as np

from .stored_volume import DAMAGED, VolumeFile, corrupt, is_gzip, open_gzip, refuse

ByteOrder = Literal["<", ">"]

HEADER_BYTES = 348
SAVE_AGAIN = "Save it again as a 3D NIfTI-1 label map."
# nifti1.h lays out 348 bytes; these are the fields that matter here.
_FIELDS = {
    "sizeof_hdr": ("i4", 0),
    "dim": ("(8,)i2", 40),
    "intent_code": ("i2", 68),
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


def read_fields(file: VolumeFile) -> tuple[np.void, ByteOrder]:
    """Reads the header as a value of dtype `HEADER`, and its byte order. Raises VolumeError unless it is NIfTI-1."""
    return fields_of(file, header_bytes(file))


def fields_of(file: VolumeFile, content: bytes) -> tuple[np.void, ByteOrder]:
    """Interprets `content`, the first 348 bytes of `file`, as `read_fields` does."""
    order = _byte_order(file, content)
    fields: np.void = np.frombuffer(content, HEADER.newbyteorder(order))[0]
    is_pair = file.name.lower().endswith(".hdr")
    expected, magic = b"ni1" if is_pair else b"n+1", bytes(fields["magic"])
    if magic == b"ni1" and not is_pair:
        raise refuse(file, "is a header without voxels (the .hdr of a pair)", mend=SAVE_AGAIN)
    if magic != expected:
        if is_pair and magic != b"n+1":
            what = "is an ANALYZE 7.5 header, which does not say where the volume lies"
            raise refuse(file, what, "NIfTI-1", mend=SAVE_AGAIN)
        raise refuse(file, "is not a NIfTI file", f"the magic bytes {expected.decode()}", repr(magic), SAVE_AGAIN)
    return fields, order


def header_bytes(file: VolumeFile) -> bytes:
    """Reads the first 348 bytes of the file, unpacked where it is gzipped. Raises VolumeError when it has fewer."""
    with open_gzip(file) if is_gzip(file) else file.open("rb") as stream:
        try:
            start = bytes(stream.read(HEADER_BYTES))
        except EOFError as error:
            raise refuse(file, "the file is cut off", fault="truncated") from error
        except DAMAGED as error:
            raise corrupt(file, error) from error
    if len(start) < HEADER_BYTES:
        raise refuse(file, "is not a NIfTI file", f"a header of {HEADER_BYTES} bytes", f"a file of {len(start)}")
    return start


def _byte_order(file: VolumeFile, content: bytes) -> ByteOrder:
    """Returns the byte order of the header's numbers. Raises VolumeError unless it is a NIfTI-1 header."""
    orders: tuple[ByteOrder, ...] = ("<", ">")
    for order in orders:
        size = int(np.frombuffer(content, f"{order}i4", 1)[0])
        if size == HEADER_BYTES:
            return order
        if size == 540:
            what = "is a NIfTI-2 file, which neither SimpleITK nor nnU-Net reads"
            raise refuse(file, what, "NIfTI-1", mend="Save it as NIfTI-1, for example with nibabel's Nifti1Image.")
    raise refuse(file, "is not a NIfTI file", mend="Is this another kind of file under a NIfTI name?")
