"""Reads the weights of a network from safetensors, which hold numbers and nothing that could be run.

They may lie in a file of their own or, as they are, within a larger one: the tensors are mapped where they lie, so that
opening them takes neither time nor memory. That is why the library of the format does not read them; it writes them.
Whoever wrote a file is not believed: its header is read within bounds, and every tensor has to lie where it says.

Source: github.com/huggingface/safetensors, "Format". Imports torch only when tensors are asked for.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    from torch import Tensor

MOST_HEADER_BYTES: Final = 4 << 20
_MOST_TENSORS, _MOST_NAME, _MOST_AXES, _MOST_SIDE = 20_000, 300, 8, 1 << 40
_LENGTH_BYTES: Final = 8
_ITEM_BYTES: Final = {"F32": 4, "F16": 2, "I64": 8}
"""What weights are stored as; whole numbers count batches in a batch normalisation."""
_METADATA: Final = "__metadata__"


class WeightsError(Exception):
    """The bytes are no safetensors, or not such as hold a network; half a sentence says why."""


@dataclass(frozen=True)
class StoredTensor:
    """Where one tensor lies."""

    kind: str
    """`F32`, `F16` or `I64`."""
    shape: tuple[int, ...]
    start: int
    """Counted from the first byte behind the header."""
    size_bytes: int


@dataclass(frozen=True)
class StoredWeights:
    """The weights of one network, within a file."""

    path: Path
    offset: int
    """Of their first byte in the file."""
    size_bytes: int

    def header(self) -> Mapping[str, StoredTensor]:
        """The tensors by name, without their values. Raises WeightsError, and OSError."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return read_header(file, self.size_bytes)

    def tensors(self) -> dict[str, Tensor]:
        """The tensors, mapped: a value is read when it is used, and changing it changes no file.

        Raises WeightsError, and OSError.
        """
        import torch

        kinds = {"F32": torch.float32, "F16": torch.float16, "I64": torch.int64}
        header = self.header()
        with self.path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        behind = self.offset + self.size_bytes - sum(each.size_bytes for each in header.values())
        return {
            name: torch.frombuffer(
                mapped, dtype=kinds[each.kind], count=prod(each.shape), offset=behind + each.start
            ).reshape(each.shape)
            for name, each in header.items()
        }


def read_header(file: BinaryIO, size_bytes: int) -> dict[str, StoredTensor]:
    """The tensors in the next `size_bytes` bytes of a file, in the order in which they lie; reads their header alone.

    Takes memory for a header of at most 4 MiB. Raises WeightsError: for what is not the format, for tensors that are
    not where the header says or of another size, for bytes that are no tensor's, and for kinds of numbers that no
    network here has.
    """
    length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    if not 2 <= length <= min(MOST_HEADER_BYTES, size_bytes - _LENGTH_BYTES):
        raise WeightsError(f"its header would have {length} bytes, of {size_bytes} in all")
    try:
        content = json.loads(file.read(length).decode(), object_pairs_hook=names_once)
    except (ValueError, RecursionError) as error:
        raise WeightsError("its header is not JSON, or has a name twice") from error
    if not isinstance(content, dict):
        raise WeightsError("its header is no table of tensors")
    content.pop(_METADATA, None)
    if not 0 < len(content) <= _MOST_TENSORS:
        raise WeightsError(f"it has {len(content)} tensors, and a network has 1 to {_MOST_TENSORS}")
    tensors = {name: _tensor(name, entry) for name, entry in content.items()}
    in_order = dict(sorted(tensors.items(), key=lambda item: (item[1].start, item[1].size_bytes)))
    end = 0
    for name, each in in_order.items():
        if each.start != end:
            raise WeightsError(f"its tensor {name!a} does not begin where the one before it ends")
        end += each.size_bytes
    if end != size_bytes - _LENGTH_BYTES - length:
        raise WeightsError(f"its tensors take {end} bytes, and {size_bytes - _LENGTH_BYTES - length} are there")
    return in_order


def _tensor(name: str, entry: Any) -> StoredTensor:
    # What is shown of a name is a stranger's: bounded, and without characters that steer a terminal.
    shown = f"its tensor {name[:60]!a}"
    if len(name) > _MOST_NAME or not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise WeightsError(f"{shown} is not described as a tensor is")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in _ITEM_BYTES:
        raise WeightsError(f"{shown} is of the kind {str(kind)[:20]!a}, and weights are {', '.join(_ITEM_BYTES)}")
    if not (_is_sizes(shape) and len(shape) <= _MOST_AXES and _is_sizes(offsets) and len(offsets) == 2):
        raise WeightsError(f"{shown} has no shape and place")
    start, end = offsets
    size = prod(shape) * _ITEM_BYTES[kind]
    if not size or end - start != size:
        raise WeightsError(f"{shown} has a shape of {size} bytes, and {end - start} are said to be there")
    return StoredTensor(kind, tuple(shape), start, size)


def _is_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value <= _MOST_SIDE for value in values)


def names_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, for `object_pairs_hook`. Raises ValueError where it has a name twice: readers differ then."""
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a name twice")
    return content
