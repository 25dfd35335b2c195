"""Writes packages that offer methods as pip leaves them in a folder: modules, and a `dist-info` beside them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mswal_bench.baselines import registry
from mswal_bench.baselines.plug_ins import GROUP

HEAD = """
from mswal_bench.baselines.fidelity import FidelityCard, Setting
from mswal_bench.baselines.method import Budget, Method

class Plug(Method):
    title = "Plug"
    publication = "none"
    rate = 0.5
    def __init__(self, name, **changed):
        self.name = name
        rate = Setting("rate", "0.5", "by trial", ("training.rate",))
        self.card = FidelityCard("a plug", (), (), (rate,), (), 7, "all of it")
        for field, value in changed.items():
            setattr(self, field, value)
    def settings(self, budget):
        return {"training": {"rate": self.rate}}
    def variants(self):
        return {}
    def prepare(self, job, report): pass
    def parameters(self, job): return 7
    def epochs(self, budget): return 1
    def epochs_done(self, job, fold): return 0
    def train(self, job, fold, report): pass
    def predict(self, job, folds, images, out, report): pass
"""
"""A module's beginning, with a class of methods whose fields can be changed."""


def install(
    site: Path, package: str, code: str | None, *, version: str = "1.0", points: str | None = None, group: str = GROUP
) -> None:
    """Puts a package into the folder `site`, with the module of its name and entry points, `NAME = MODULE:OBJECT`.

    Without `points`, it offers its own name as the module's `METHOD`. Without code, the module is not there.
    """
    module = package.replace("-", "_")
    info = site / f"{module}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{points or f'{package} = {module}:METHOD'}\n")
    if code is not None:
        (site / f"{module}.py").write_text(code)


@contextmanager
def imported_from(site: Path) -> Iterator[Path]:
    """Has this process find the packages in the folder, and forget them and their modules at the end."""
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        registry.plug_ins.cache_clear()
        yield site
    registry.plug_ins.cache_clear()
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(str(site)):
            del sys.modules[name]
