"""Makes training on a CPU quicker: the same function up to rounding. Imports torch."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import torch

# glibc's names for what is set, and the largest size it takes: blocks of more than this go back to the system always.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST_BLOCK = 32 * 2**20
_NEVER = 2**31 - 1


def made_quick(network: Any) -> Any:
    """The network itself, laid out for training on a CPU; from now on this process keeps the memory that it frees."""
    _keep_memory()
    # Small three-dimensional convolutions train about a quarter faster in this layout.
    return network.to(memory_format=torch.channels_last_3d)


def _keep_memory() -> None:
    """Does nothing where the C library is not glibc.

    An iteration frees what the next one takes again. Given back to the system in between, every page of it is cleared
    anew: a sixth of the time of the demo's trainings.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST_BLOCK)
        libc.mallopt(_M_TRIM_THRESHOLD, _NEVER)
