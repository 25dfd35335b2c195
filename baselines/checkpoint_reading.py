"""Reads the checkpoint of a training without running anything that it names. Imports torch only when it reads.

A checkpoint is a pickle, and a pickle may name any function to be called. torch's safe mode calls only those that build
tensors and plain values. nnU-Net's checkpoints hold NumPy's numbers too, so what builds these is allowed as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np

from .failures import as_method_error
from .method import MethodError

# The safe mode, whatever a caller of `torch.load` asks for and whatever else the environment says.
_SAFE_MODE = {"TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "0"}
_MOST_NAMES, _LONGEST_NAME = 3, 80
_UNREADABLE = (
    "cannot be read as a checkpoint: it is damaged, or holds more than tensors, plain values and numbers of NumPy"
)
_MEND = "Nothing of it was run. Put back the file that the training wrote, or train again."


class CheckpointError(MethodError):
    """A file that is not read as a checkpoint. The sentence says what to do where one's own training wrote it."""

    def __init__(self, path: Path, reason: str):
        # The arguments as they came, so that the error can be sent from one process to another.
        super().__init__(path, reason)
        self.path = path
        self.reason = reason
        """The sentence without the name of the file, which it follows, and without what to do."""

    def __str__(self) -> str:
        return f"{self.path} {self.reason}. {_MEND}"


def read_checkpoint(path: Path, *parts: str, mapped: bool = False) -> dict[str, Any]:
    """The content of a checkpoint, tensors in main memory; `mapped` leaves them in the file until they are used.

    Raises CheckpointError for a file that holds anything but tensors, plain values and numbers of NumPy, for one that
    is damaged, and for one without `parts`.
    """
    import torch

    with safe_reading(path):
        try:
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
        except (UnpicklingError, OSError):
            raise
        except Exception as error:
            # A damaged file meets every kind of error in torch. A full memory is none of the file's.
            if as_method_error(error) is not None:
                raise
            raise CheckpointError(path, _UNREADABLE) from error
    lacking = [part for part in parts if not isinstance(content, dict) or part not in content]
    if lacking:
        raise CheckpointError(path, f"is no checkpoint of such a training: it has no {', '.join(lacking)}")
    checkpoint: dict[str, Any] = content
    return checkpoint


@contextmanager
def safe_reading(path: Path) -> Iterator[None]:
    """While inside, torch reads every checkpoint in its safe mode, as a library may not ask for it.

    Raises CheckpointError in place of torch's error when `path`, which is read inside, is refused.
    """
    from numpy._core.multiarray import scalar
    from torch.serialization import add_safe_globals, clear_safe_globals, get_safe_globals

    environment = {name: os.environ.get(name) for name in _SAFE_MODE}
    # What other packages of this process allow would be allowed too: monai adds types of its own when it is imported.
    allowed = get_safe_globals()
    os.environ.update(_SAFE_MODE)
    clear_safe_globals()
    add_safe_globals([np.dtype, scalar, np.dtypes.Float64DType, np.dtypes.Float32DType])
    try:
        yield
    except UnpicklingError as error:
        raise CheckpointError(path, _refusal(path)) from error
    finally:
        clear_safe_globals()
        add_safe_globals(allowed)
        for name, value in environment.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _refusal(path: Path) -> str:
    """The reason for a file that torch's safe mode refuses; to be called where it is on."""
    names = _names_not_allowed(path)
    if not names:
        return _UNREADABLE
    # They are a stranger's words: nothing in them may steer a terminal.
    shown = [ascii(name)[1:-1][:_LONGEST_NAME] for name in names[:_MOST_NAMES]]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return (
        f"was not read: it names {', '.join(shown)}{more}, and a checkpoint may hold only tensors, plain values and "
        "numbers of NumPy, for anything else could run code"
    )


def _names_not_allowed(path: Path) -> list[str]:
    """What the file names that is not allowed; empty where that cannot be told."""
    from torch.serialization import get_unsafe_globals_in_checkpoint

    try:
        return sorted(get_unsafe_globals_in_checkpoint(path))
    except Exception:
        return []
