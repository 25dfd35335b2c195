"""Progress of long work, on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from ..baselines.method import Report


@contextmanager
def progress_bar(label: str, unit: str, *, shown: bool = True) -> Iterator[Report]:
    """A bar with elapsed and left time on stderr; gives the function that moves it. Many `B` are shown as kB, MB, GB.

    What was done before the first report (a training that is resumed) does not count towards the speed. Not `shown`,
    the function does nothing.
    """
    # Where nobody watches, a log should not fill with bars, and what is soon done needs none.
    watched = sys.stderr.isatty()
    interval_s = 0.5 if watched else 30
    bar: Any = None

    def report(done: int, total: int, note: str) -> None:
        nonlocal bar
        if not shown:
            return
        if bar is None:
            bar = tqdm(
                desc=label,
                initial=done,
                total=total,
                unit=unit,
                unit_scale=unit == "B",
                file=sys.__stderr__,
                mininterval=interval_s,
                maxinterval=interval_s,
                delay=0 if watched else interval_s,
                dynamic_ncols=True,
            )
        bar.set_postfix_str(note, refresh=False)
        bar.update(done - bar.n)

    try:
        yield report
    finally:
        if bar is not None:
            bar.close()
