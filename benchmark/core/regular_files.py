"""Opens files that strangers or accidents may have put there, and refuses a pipe, for which others would wait."""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path

_SAFELY = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def open_regular(path: Path) -> io.BufferedReader:
    """Opens a file for reading its bytes, through links. Raises OSError for all that is no file and has no end."""
    handle = os.open(path, _SAFELY)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device, not a file", str(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_bytes(path: Path) -> bytes:
    """Returns the content of a file. Raises OSError as `open_regular` does."""
    with open_regular(path) as file:
        return file.read()


def read_text(path: Path) -> str:
    """Returns the content of a file in UTF-8. Raises OSError as `open_regular` does, and UnicodeDecodeError."""
    return read_bytes(path).decode()
