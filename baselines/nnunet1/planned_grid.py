"""Reads from nnU-Net v1's plans on which grid the network sees labels. Needs neither torch nor v1.

The plans are a pickle, which could run anything: of what it names, only arrays and ordered dictionaries are made.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, BinaryIO

from mswal_bench.baselines.label_grid import LabelGrid
from mswal_bench.baselines.method import MethodError

_HARMLESS = {
    ("collections", "OrderedDict"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    *(
        (f"numpy.{core}.{module}", name)
        for core in ("core", "_core")
        for module, name in (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))
    ),
}


def planned_grid(plans: Path) -> LabelGrid:
    """The grid of the finest stage. Raises MethodError where nothing is planned, and for a file that is no plans."""
    try:
        with plans.open("rb") as file:
            planned = _Unpickler(file).load()
        stage = planned["plans_per_stage"][max(planned["plans_per_stage"])]
        first, second, third = (int(axis) for axis in planned["transpose_forward"])
        spacing = tuple(float(side) for side in stage["current_spacing"])
    except FileNotFoundError as error:
        raise MethodError(f"{plans} is not there: the run has not been prepared yet.") from error
    except Exception as error:  # Of a damaged pickle almost anything is raised.
        raise MethodError(f"{plans} cannot be read as the plans of nnU-Net v1 ({type(error).__name__}).") from error
    return LabelGrid(spacing, (first, second, third), version=1)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO):
        super().__init__(file)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _HARMLESS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not looked up")
