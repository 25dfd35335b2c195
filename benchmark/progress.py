"""Progress of long work, on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from ..baselines.method import Report


@contextmanager
def progress_bar(label: str, unit: str) -> Iterator[Report]:
    """A bar with elapsed and left time on stderr; gives the function that moves it.

    What was done before the first report (a training that is resumed) does not count towards the speed.
    """
    # Where nobody watches, a log should not fill with bars, and what is soon done needs none.
    watched = sys.stderr.isatty()
    interval_s = 0.5 if watched else 30
    bar: Any = None

    def report(done: int, total: int, note: str) -> None:
        nonlocal bar
        if bar is None:
            bar = tqdm(
                desc=label,
                initial=done,
                total=total,
                unit=unit,
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
