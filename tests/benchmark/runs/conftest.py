from collections.abc import Callable
from pathlib import Path

import pytest

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.runs.run_method import run_method
from mswal_bench.tests.conftest import MadeOnce

from .quick_method import QuickMethod
from .smoke_runs import call, call_interrupted, options


@pytest.fixture(scope="session")
def raw(small_phantom: Path) -> Path:
    return small_phantom


@pytest.fixture(scope="session")
def finished_by(raw: Path, made_once: MadeOnce) -> Callable[..., Path]:
    """The work folder of a smoke run of a method, or of a variant, that was interrupted and then finished.

    Not to be written to.
    """

    def run(method: str, variant: str | None) -> Path:
        def make(work: Path) -> None:
            arguments = ("run", method, *options(raw, work, "--fold", 0))
            if variant is not None:
                arguments += ("--variant", variant)
            with pytest.MonkeyPatch.context() as monkeypatch:
                call_interrupted(monkeypatch, *arguments)
            call(*arguments)

        return made_once(f"run-{method}-{variant}", make)

    return run


@pytest.fixture(scope="session")
def finished(finished_by: Callable[..., Path]) -> Path:
    """The work folder of a finished smoke run of nnU-Net v2. Not to be written to."""
    return finished_by("nnunet-v2", None)


@pytest.fixture(scope="session")
def public(made_once: MadeOnce) -> Callable[[str], Path]:
    """A raw data set of the first five training and two test cases of a phantom of `lits` or `kits`. Not to be written
    to."""

    def prepared(kind: str) -> Path:
        def make(folder: Path) -> None:
            call("data", "phantom", folder / "published", "--as", kind, "--train", 5, "--test", 2, "--size", "tiny")
            call("data", "prepare", folder / "published", folder / "raw", "--as", kind, "--partial")

        return made_once(f"public-{kind}", make) / "raw"

    return prepared


@pytest.fixture
def work(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run of the quick method that has trained folds 0 and 3."""
    monkeypatch.setitem(METHODS, "quick", QuickMethod())
    work = tmp_path / "work"
    for fold in ("0", "3"):
        run_method(QuickMethod(), raw, work, selection=fold, device="cpu", check=False)
    return work
