from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from .smoke_runs import call, call_interrupted, options


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom of five training and two test cases, the least that five folds can be cut from. Not to be changed."""
    root = tmp_path_factory.mktemp("raw") / "data"
    call("data", "phantom", root, "--train", 5, "--test", 2, "--size", "tiny")
    return root


@pytest.fixture(scope="module")
def finished_by(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The work folder of a smoke run of a method, or of a variant, that was interrupted and then finished."""
    root = tmp_path_factory.mktemp("work")

    @cache
    def run(method: str, variant: str | None) -> Path:
        work = root / f"{method}-{variant}"
        arguments = ("run", method, *options(raw, work, "--fold", 0))
        if variant is not None:
            arguments += ("--variant", variant)
        with pytest.MonkeyPatch.context() as monkeypatch:
            call_interrupted(monkeypatch, *arguments)
        call(*arguments)
        return work

    return run


@pytest.fixture(scope="module")
def finished(finished_by: Callable[..., Path]) -> Path:
    """The work folder of a finished smoke run of nnU-Net v2."""
    return finished_by("nnunet-v2", None)
