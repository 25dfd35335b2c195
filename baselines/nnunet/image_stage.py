"""Gives one prepared image after the other to the network: prepared when it is asked for, or in a process ahead of it.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mswal_bench.baselines.case_failures import unreadable_image
from mswal_bench.baselines.stage_process import StageProcess, send_array

Image = NDArray[np.float32]
Prepare = Callable[[Path], tuple[Image, dict[str, Any]]]
"""`prepare_image` for given plans; fit to be pickled."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """An image on the network's grid, or why there is none."""

    case: str
    image: Image | None
    """(channel, z, y, x); None when the file could not be read."""
    properties: dict[str, Any]
    failure: str = ""


def prepared_in_turn(images: Mapping[str, Path], prepare: Prepare) -> Iterator[Prepared]:
    """Prepares each image when it is asked for."""
    for case, image in images.items():
        yield _prepared(case, image, prepare)


@contextmanager
def prepared_ahead(images: Mapping[str, Path], prepare: Prepare, log: Path) -> Iterator[Iterator[Prepared]]:
    """Prepares the next image in another process while this one works on an image: one, for each may take gigabytes.

    `log` takes what the process prints.
    """
    with StageProcess("prepares images", log, _prepare_all, dict(images), prepare) as process:
        yield _received(process, len(images))


def _prepared(case: str, image: Path, prepare: Prepare) -> Prepared:
    try:
        return Prepared(case, *prepare(image))
    except RuntimeError as error:
        if sentence := unreadable_image(error):
            return Prepared(case, None, {}, sentence)
        raise


def _prepare_all(connection: Connection[Any, Any], images: Mapping[str, Path], prepare: Prepare) -> None:
    for prepared in prepared_in_turn(images, prepare):
        image = prepared.image
        connection.send((prepared.case, None if image is None else image.shape, prepared.properties, prepared.failure))
        if image is not None:
            for plane in image.reshape(-1, *image.shape[2:]):
                send_array(connection, plane)
        del prepared, image
        # Goes on when this one is taken in whole: no more than one lies ready.
        connection.recv()


def _received(process: StageProcess, count: int) -> Iterator[Prepared]:
    for _ in range(count):
        case, shape, properties, failure = process.receive()
        image = None
        if shape is not None:
            image = np.empty(shape, np.float32)
            for plane in image.reshape(-1, *shape[2:]):
                process.receive_into(plane)
        process.send(None)
        yield Prepared(case, image, properties, failure)
        del image
