"""Finds the trained weights that another run can begin with: those of a fold in a work folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from mswal_bench.baselines.method import Method, MethodError
from mswal_bench.baselines.registry import plug_in_of
from mswal_bench.benchmark.core.errors import BenchError, Problem

from .run_folder import STATE_FILE, RunFolder
from .run_record import RunIdentity, RunState


@dataclass(frozen=True)
class Pretrained:
    """One fold of a run, trained to its end."""

    run: RunIdentity
    fold: int
    file: Path
    """As `Method.trained_weights` names it."""
    digest: str
    """Over the file's content."""


def find_pretrained(
    method: Method, work: Path, fold: int | None = None, *, begun_with: str | None = None
) -> Pretrained:
    """The weights of `fold` in the work folder of a run of `method`.

    Without a fold those whose digest is `begun_with`, which another run has begun with already: further folds may have
    come to their end since. Without any such, those of the first fold there is.

    Raises BenchError when the folder is not that of such a run, when the fold is not trained to its end, and for a
    method that cannot begin with weights.
    """
    if not (work / STATE_FILE).is_file():
        expected = f"a folder that `mswal-bench run` worked in, with its {STATE_FILE}"
        raise BenchError(Problem("is not the work folder of a run", str(work), expected))
    identity = _state(work).identity
    plug_in = plug_in_of(method)
    package = None if plug_in is None else plug_in.package
    if (identity.method, identity.package) != (method.name, package):
        what = "was not trained by the method that is to begin with its weights"
        expected, found = _named(method.name, package), _named(identity.method, identity.package)
        raise BenchError(Problem(what, str(work), expected, found))
    try:
        trained = method.trained_weights(work)
    except MethodError as error:
        raise BenchError(Problem(str(error).removesuffix("."))) from error
    chosen = min(trained, default=None) if fold is None else fold
    if chosen is None or chosen not in trained:
        what = "no fold is trained to its end" if fold is None else f"fold {fold} is not trained to its end"
        found = ", ".join(f"fold {number}" for number in trained)
        mend = "Let the run come to its end first." if not trained else ""
        raise BenchError(Problem(what, str(work), found=found, mend=mend))
    if fold is None and begun_with is not None:
        chosen = next((number for number in sorted(trained) if _digest(trained[number]) == begun_with), chosen)
    return Pretrained(identity, chosen, trained[chosen], _digest(trained[chosen]))


def _named(method: str, package: str | None) -> str:
    return method if package is None else f"{method} of {package}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _state(work: Path) -> RunState:
    try:
        return RunFolder(work).state()
    except BenchError as error:
        # Another --work folder, as for a run of one's own, would not help here.
        raise BenchError(*(replace(problem, mend="") for problem in error.problems)) from error
