"""Tells failures that are no fault of the program in a sentence each: memory, disk, a killed worker. Needs no torch."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from .method import MethodError

LOG_FILE = "log.txt"
"""Where methods keep what their libraries print."""
_GO_ON = "What was finished is kept and the last checkpoint is intact: run the same command again to go on from it."
_GPU = (
    "The GPU is out of memory. End other programs that use it, or let this run have a GPU with more memory, the whole "
    f"of it where the cluster shares it out. {_GO_ON}"
)
_HOST = f"The machine is out of memory. End other programs, or give this run more memory. {_GO_ON}"
DISK_FULL = f"The disk is full, or the share of it that this user may fill. Make room on it. {_GO_ON}"
_WORKER = (
    "A worker process ended early. It was killed, as the system does where memory is short, or it met an error, which "
    f"is then in the method's {LOG_FILE} below that folder. {_GO_ON}"
)

# Libraries tell these apart by nothing but their words. The first that is found counts.
_WORDS = {
    "CUDA out of memory": _GPU,
    "CUDA error: out of memory": _GPU,
    "CUDNN_STATUS_ALLOC_FAILED": _GPU,
    "CUBLAS_STATUS_ALLOC_FAILED": _GPU,
    "DefaultCPUAllocator": _HOST,
    "Cannot allocate memory": _HOST,
    "No space left on device": DISK_FULL,
    # What torch says when the file of a checkpoint takes no more.
    "PytorchStreamWriter failed writing": DISK_FULL,
    "unexpected pos": DISK_FULL,
    "basic_ios::clear: iostream error": DISK_FULL,
    # batchgenerators, then nnU-Net's preprocessing.
    "background workers are no longer alive": _WORKER,
    "background processes is missing": _WORKER,
}
_FULL_BYTES = 64 << 10
_NUMBERS = {errno.ENOSPC: DISK_FULL, errno.EDQUOT: DISK_FULL, errno.ENOMEM: _HOST}


def as_method_error(error: BaseException, work: Path | None = None) -> MethodError | None:
    """The MethodError a user should see instead; None when it is an error of the program, whose traceback matters.

    `work` is the folder that was written to: not every library says that its disk was full.
    """
    if isinstance(error, MethodError):
        return error
    sentence = _by_kind(error) or _by_words(error)
    if sentence is None and isinstance(error, OSError | RuntimeError) and work is not None and is_full(work):
        sentence = DISK_FULL
    return MethodError(sentence) if sentence is not None else None


def is_full(folder: Path) -> bool:
    """Whether the disk of `folder` has no room left; False where that cannot be told."""
    try:
        return shutil.disk_usage(folder).free < _FULL_BYTES
    except OSError:
        return False


def _by_kind(error: BaseException) -> str | None:
    # The last is torch's own class for a full GPU; torch need not be there.
    kinds = {"BrokenProcessPool": _WORKER, "LostProcessError": _WORKER, "MemoryError": _HOST, "OutOfMemoryError": _GPU}
    for kind in type(error).__mro__:
        if kind.__name__ in kinds:
            return kinds[kind.__name__]
    return _NUMBERS.get(error.errno or 0) if isinstance(error, OSError) else None


def _by_words(error: BaseException) -> str | None:
    if not isinstance(error, OSError | RuntimeError):
        return None
    return next((sentence for words, sentence in _WORDS.items() if words in str(error)), None)
