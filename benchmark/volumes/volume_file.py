"""What a volume can be read from."""

from __future__ import annotations

import os
from typing import BinaryIO, Literal, Protocol


class VolumeFile(Protocol):
    """A `Path`, or what does as much of one as readers need: a file within an archive. `str()` names it in errors."""

    @property
    def name(self) -> str:
        """Ends as the file's kind does: `.nii.gz`, `.nii` or `.mha`."""

    def stat(self) -> os.stat_result:
        """Of it `st_mode` and `st_size`. Raises OSError."""

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """At its first byte, each time. Raises OSError."""
