"""Writes label maps from logits that come plane by plane: as they come, or in a process behind the network.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Full, Queue
from threading import Thread
from typing import Any, Protocol

import numpy as np
from nnunetv2.utilities.label_handling.label_handling import LabelManager
from nnunetv2.utilities.plans_handling.plans_handler import ConfigurationManager, PlansManager

from mswal_bench.baselines.stage_process import StageProcess, receive_into, send_array
from mswal_bench.metrics.foreground import Labels

from .label_export import labels_from_planes
from .sparse_export import Plane
from .speck_filter import without_specks

PLANES_QUEUED = 64
"""Of logits, that may wait for the process: about what a row of windows makes final at once."""
_LOOK_EVERY_S = 1.0


class WriteLabelMap(Protocol):
    """Writes the label map `target` of an image: whole or not at all."""

    def __call__(
        self, target: Path, plane: Callable[[int], Plane], shape: Sequence[int], properties: Mapping[str, Any]
    ) -> None:
        """`plane(z)` gives the logits (class, y, x) of a plane; it is asked for every one, in order. `shape` is that of
        all, (class, z, y, x). `properties` are those of the prepared image.
        """


@dataclass(frozen=True)
class LabelWriter:
    """Writes label maps in this process, as their planes come."""

    plans: PlansManager
    configuration: ConfigurationManager
    label_manager: LabelManager
    least_mm3: Mapping[int, float]
    """By class, the volume below which a component is a speck and removed."""

    def __call__(
        self, target: Path, plane: Callable[[int], Plane], shape: Sequence[int], properties: Mapping[str, Any]
    ) -> None:
        planes = _InTurn(plane)
        labels: Labels = labels_from_planes(
            planes, shape, properties, self.plans, self.configuration, self.label_manager
        )
        planes.skip_to(shape[1])
        if self.least_mm3:
            labels = without_specks(labels, properties["spacing"], self.least_mm3)
        # Hidden, so that a half-written file is never taken for a case.
        temporary = target.with_name(f".partial-{target.name}")
        self.plans.image_reader_writer_class().write_seg(labels, str(temporary), properties)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(target)


class _InTurn:
    """Asks for every plane once, in order, also for those that the export leaves out: each may be refused."""

    def __init__(self, plane: Callable[[int], Plane]) -> None:
        self._plane = plane
        self._next = 0

    def __call__(self, z: int) -> Plane:
        self.skip_to(z)
        self._next += 1
        return self._plane(z)

    def skip_to(self, z: int) -> None:
        while self._next < z:
            self(self._next)


@contextmanager
def written_behind(write: WriteLabelMap, log: Path) -> Iterator[WriteLabelMap]:
    """Gives what writes label maps in another process, while this one works on the next planes and images.

    It returns when the last plane is handed over. When the `with` is left without an error, all label maps are written.
    `log` takes what the process prints. Raises what writing raises, at a later call or at the end.
    """
    with StageProcess("writes label maps", log, _write_all, write) as process:
        queue = _PlaneQueue(process)
        try:
            yield queue.write
            queue.finish()
        except Exception:
            # What was handed over whole may have taken the device minutes.
            with suppress(Exception):
                queue.finish()
            raise
        finally:
            queue.close()


class _AbandonedError(Exception):
    """The rest of an image's planes will not come."""


class _PlaneQueue:
    """Hands planes over to a process without waiting for it, unless it lags far behind."""

    def __init__(self, process: StageProcess) -> None:
        self._process = process
        self._waiting: Queue[Plane | tuple[Any, ...] | None] = Queue(PLANES_QUEUED)
        Thread(target=self._send, name="planes", daemon=True).start()

    def write(
        self, target: Path, plane: Callable[[int], Plane], shape: Sequence[int], properties: Mapping[str, Any]
    ) -> None:
        heads, size_z, *in_plane = shape
        for z in range(size_z):
            try:
                logits = plane(z)
            except Exception:
                if z:
                    self._put(np.empty(0, np.float16))
                raise
            if z == 0:
                self._put((target, logits.dtype.str, (heads, size_z, *in_plane), dict(properties)))
            self._put(logits)

    def finish(self) -> None:
        """Waits for the last label map."""
        self._put(None)
        self._process.receive()

    def close(self) -> None:
        """Lets the thread end: now, or when the process does that it sends to."""
        with suppress(Full):
            self._waiting.put_nowait(None)

    def _put(self, message: Plane | tuple[Any, ...] | None) -> None:
        while True:
            try:
                self._waiting.put(message, timeout=_LOOK_EVERY_S)
                return
            except Full:
                self._process.raise_if_failed()

    def _send(self) -> None:
        """In a thread of its own, for it waits for the process."""
        try:
            while (message := self._waiting.get()) is not None:
                if isinstance(message, tuple):
                    self._process.connection.send(message)
                else:
                    send_array(self._process.connection, message)
            self._process.connection.send(None)
        except OSError:
            # The process has ended, and says why to who waits for it.
            return


def _write_all(connection: Connection[Any, Any], write: WriteLabelMap) -> None:
    while (message := connection.recv()) is not None:
        target, kind, shape, properties = message
        with suppress(_AbandonedError):
            write(target, _ArrivingPlanes(connection, np.dtype(kind), shape), shape, properties)
    connection.send(None)


class _ArrivingPlanes:
    """The planes of one image as they come through a connection, in order."""

    def __init__(self, connection: Connection[Any, Any], kind: np.dtype[Any], shape: Sequence[int]) -> None:
        self._connection, self._kind = connection, kind
        self._of_plane = shape[0], *shape[2:]

    def __call__(self, z: int) -> Plane:
        """Raises _AbandonedError when no more will come."""
        logits = np.empty(self._of_plane, self._kind)
        if not receive_into(self._connection, logits):
            raise _AbandonedError
        return logits
