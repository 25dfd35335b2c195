"""Tells whether a command printed what a page shows, but for what is another at every run.

Times, dates and keys differ honestly between two runs, and with them the width of a column. Both sides are compared
with these replaced by a word, and the page keeps those of the run that was put into it. Numbers, sizes and digests
follow from what was computed, and must be the same.
"""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Sequence

from .page_commands import ELLIPSIS

_VARIES: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (r"\b\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|\+\d{2}:\d{2})?)?", "DATE"),
        (rf"\b\d{{1,2}} ({'|'.join(month_name[1:])}) \d{{4}}", "DATE"),
        (r"\b\d{1,2}:\d{2}:\d{2}\b", "TIME"),
        (r"\b\d+(\.\d+)? (s|ms|min|minutes?|seconds?|hours?)\b", "TIME"),
        (r"\b(fingerprint:|by the key) sha256:[0-9a-f]{64}", r"\1 KEY"),  # of a key that is drawn
        (r"[─-]{3,}", "---"),
        (r" {2,}", "  "),
    )
)


def same_output(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether `printed` is what `shown` says; a line of `...` there stands for any lines, none among them."""
    return _match([_plain(line) for line in shown], [_plain(line) for line in printed])


def _plain(line: str) -> str:
    """The line with a word in place of all that varies; spaces that align a column vary with what is in it."""
    for pattern, word in _VARIES:
        line = pattern.sub(word, line)
    return line.strip()


def _match(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether the parts between the `...` follow one another, the first and the last at the ends."""
    if ELLIPSIS not in shown:
        return list(shown) == list(printed)
    parts: list[list[str]] = [[]]
    for line in shown:
        if line == ELLIPSIS:
            parts.append([])
        else:
            parts[-1].append(line)
    first, *middle, last = parts
    end = len(printed) - len(last)
    if len(first) > end or list(printed[: len(first)]) != first or list(printed[end:]) != last:
        return False
    place = len(first)
    for part in middle:
        # The earliest place leaves most room for the parts after it.
        starts = (at for at in range(place, end - len(part) + 1) if list(printed[at : at + len(part)]) == part)
        start = next(starts, None)
        if start is None:
            return False
        place = start + len(part)
    return True
