"""Shows the progress of long work: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from tqdm import tqdm

from mswal_bench.baselines.method import Report

_BAR_EVERY_S, _LINE_EVERY_S = 0.5, 30.0


@contextmanager
def progress_bar(
    label: str, unit: str, *, shown: bool = True, estimates: bool = True, clock: Callable[[], float] = time.monotonic
) -> Iterator[Report]:
    """Shows a bar with elapsed and remaining time on stderr, and yields the function that moves it.

    `label` stands before the bar, and `unit` names what is counted; `B` is shown as kB, MB or GB. Where stderr is no
    terminal, it prints a line every half minute and a last one; work that takes less gets none. Work that was done
    before the first report, as of a training that is resumed, does not count towards the speed. Without `shown`, the
    function does nothing; without `estimates`, for parts that take seconds or hours, no remaining time is told. `clock`
    returns seconds.
    """
    # Kept from the start: while nnU-Net works, sys.stderr is redirected to its log.
    stderr = sys.stderr
    progress = (
        _Bar(label, unit, estimates, stderr) if stderr.isatty() else _Lines(label, unit, estimates, stderr, clock)
    )

    def report(done: int, total: int, note: str) -> None:
        if shown:
            progress.move(done, total, note)

    try:
        yield report
    finally:
        progress.close()


@contextmanager
def counting_bytes(label: str, total: int, done: int, shown: bool) -> Iterator[Callable[[int], None]]:
    """Shows a bar over bytes, of which `done` are there, and yields the function that adds to them, from any thread."""
    lock = threading.Lock()
    with progress_bar(label, "B", shown=shown) as report:

        def count(size: int) -> None:
            nonlocal done
            with lock:
                done += size
                report(done, total, "")

        count(0)
        yield count


def say_above_bar(text: str) -> None:
    """Prints a line on stderr, above a bar that is there."""
    tqdm.write(text, file=sys.stderr)


def say_nothing(_: str) -> None:
    """Does nothing, for a caller who wants no progress shown."""


class _Bar:
    def __init__(self, label: str, unit: str, estimates: bool, stderr: TextIO) -> None:
        self._label, self._unit, self._stderr = label, unit, stderr
        self._format = None if estimates else "{desc}: {n_fmt}/{total_fmt} [{elapsed}{postfix}]"
        self._bar: Any = None

    def move(self, done: int, total: int, note: str) -> None:
        if self._bar is None:
            self._bar = tqdm(
                desc=self._label,
                initial=done,
                total=total,
                unit=self._unit,
                unit_scale=self._unit == "B",
                file=self._stderr,
                mininterval=_BAR_EVERY_S,
                maxinterval=_BAR_EVERY_S,
                dynamic_ncols=True,
                bar_format=self._format,
            )
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _Lines:
    """Prints lines to a log, in which a bar that redraws itself would be one line of many thousand characters."""

    def __init__(self, label: str, unit: str, estimates: bool, stderr: TextIO, clock: Callable[[], float]) -> None:
        self._label, self._unit, self._estimates, self._clock = label, unit, estimates, clock
        self._stderr = stderr
        self._began: tuple[float, int] | None = None
        """Is the time of the first report, and what was done by then."""
        self._said_s = 0.0
        self._is_told = True
        self._last = ""

    def move(self, done: int, total: int, note: str) -> None:
        now_s = self._clock()
        if self._began is None:
            self._began, self._said_s = (now_s, done), now_s
        self._last, self._is_told = self._line(now_s, done, total, note), False
        if now_s - self._said_s >= _LINE_EVERY_S:
            self._say(now_s)

    def close(self) -> None:
        # A last line is missed only after other lines; work that was soon done needs none.
        if self._began is not None and self._said_s > self._began[0] and not self._is_told:
            self._say(self._said_s)

    def _line(self, now_s: float, done: int, total: int, note: str) -> str:
        assert self._began is not None
        began_s, before = self._began
        elapsed_s = now_s - began_s
        counts = f"{self._amount(done)} of {self._amount(total)}"
        if self._unit != "B":
            counts += f" {self._unit}s"
        line = f"{self._label}: {counts}, {tqdm.format_interval(elapsed_s)} elapsed"
        if self._estimates and before < done < total:
            line += f", about {tqdm.format_interval(elapsed_s * (total - done) / (done - before))} left"
        return f"{line}, {note}" if note else line

    def _amount(self, count: int) -> str:
        return tqdm.format_sizeof(count, suffix="B") if self._unit == "B" else str(count)

    def _say(self, now_s: float) -> None:
        print(self._last, file=self._stderr, flush=True)
        self._said_s, self._is_told = now_s, True
