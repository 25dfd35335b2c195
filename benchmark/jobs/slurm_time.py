"""Reads times as SLURM writes them. It imports nothing that takes long."""

from __future__ import annotations

import re
from math import ceil

# As sbatch takes them.
_CLOCK = re.compile(r"(?:(?P<days>\d+)-)?(?P<parts>\d+(?::\d+){0,2})")


def minutes_of(time: object) -> object:
    """Of a time as sbatch takes it (`90`, `30:00`, `24:00:00`, `2-00`, `2-12:00:00`) the minutes, rounded up.

    A number stays as it is. Raises ValueError for another text.
    """
    if not isinstance(time, str):
        return time
    found = _CLOCK.fullmatch(time.strip())
    if found is None:
        raise ValueError("a time as sbatch takes it: 90 (minutes), 24:00:00, 2-12:00:00")
    parts = [int(part) for part in found["parts"].split(":")]
    if found["days"] is not None:
        hours, minutes, seconds = (*parts, 0, 0)[:3]
        hours += 24 * int(found["days"])
    else:
        # Less than three numbers end with seconds; one alone is minutes.
        hours, minutes, seconds = (0, parts[0], 0) if len(parts) == 1 else (*(0,) * (3 - len(parts)), *parts)
    return ceil((hours * 3600 + minutes * 60 + seconds) / 60)
