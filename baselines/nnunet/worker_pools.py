"""Makes nnU-Net's pools of worker processes end with the process that started them.

Importing this module imports torch and nnU-Net.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnContext
from multiprocessing.pool import Pool
from types import ModuleType

from nnunetv2.experiment_planning.dataset_fingerprint import fingerprint_extractor
from nnunetv2.preprocessing.preprocessors import default_preprocessor

from mswal_bench.baselines.processes import die_with_parent

_MODULES = (fingerprint_extractor, default_preprocessor)
"""Those that start pools to prepare a data set."""


class _MortalContext(SpawnContext):
    """Starts pools as nnU-Net asks for them."""

    def Pool(self, processes: int | None = None) -> Pool:  # type: ignore[override]  # noqa: N802
        return super().Pool(processes, initializer=die_with_parent)


class _MortalProcesses(ModuleType):
    """What nnU-Net's modules take for `multiprocessing`, of which they use this alone."""

    def get_context(self, method: str) -> _MortalContext:
        if method != "spawn":
            raise AssertionError("nnU-Net starts its workers in one way")
        return _MortalContext()


@contextmanager
def mortal_pools() -> Iterator[None]:
    """While inside, a worker of a pool that prepares a data set ends when this process ends, however that is.

    Without it a killed run leaves them at work for minutes, with gigabytes each. nnU-Net has no other way to say so.
    """
    stand_in = _MortalProcesses("multiprocessing")
    before = [module.multiprocessing for module in _MODULES]
    for module in _MODULES:
        module.multiprocessing = stand_in
    try:
        yield
    finally:
        for module, real in zip(_MODULES, before, strict=True):
            module.multiprocessing = real
