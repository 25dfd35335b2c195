"""Says which names a file of a submission may have."""

from __future__ import annotations

import re
from unicodedata import category

from mswal_bench.benchmark.submissions.findings_catalogue import SubmissionFinding

_MOST_NAME_BYTES = 1024
_MOST_PART_BYTES = 255
_ARCHIVES = (
    ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".7z", ".rar",
)  # fmt: skip
_DRIVE = re.compile(r"[A-Za-z]:")
# Control, format (which turns the reading direction), line and paragraph separators, halves of surrogate pairs.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def checked_name(stored: bytes) -> str | SubmissionFinding:
    """Gives the name in UTF-8 with single `/` between its parts and no `.` among them, or why no file may have it.

    A folder's name may end with `/`, which is taken off; the name of the package's top is empty.
    """
    shown = stored[:_MOST_NAME_BYTES].decode(errors="backslashreplace")
    # First, for the rest takes its time with every letter.
    if len(stored) > _MOST_NAME_BYTES:
        return SubmissionFinding("name-too-long", shown)
    try:
        name = stored.decode()
    except UnicodeDecodeError:
        return SubmissionFinding("name-not-utf8", shown)
    parts = [part for part in name.split("/") if part not in {"", "."}]
    for wrong, code in (
        (any(len(part.encode()) > _MOST_PART_BYTES for part in parts), "name-too-long"),
        (any(category(letter) in _UNPRINTABLE for letter in name), "control-character"),
        (name.startswith(("/", "\\")) or _DRIVE.match(name) is not None, "absolute-name"),
        (".." in re.split(r"[/\\]", name), "path-traversal"),
        ("\\" in name, "backslash-name"),
    ):
        if wrong:
            return SubmissionFinding(code, shown)
    return "/".join(parts)


def is_nested_archive(name: str) -> bool:
    return name.lower().endswith(_ARCHIVES)
