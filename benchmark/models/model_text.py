"""Writes what a model bundle says of itself as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mswal_bench.benchmark.data.lesion_classes import classes_of
from mswal_bench.benchmark.scoring.estimates import estimate_text
from mswal_bench.benchmark.tables.escaping import plain_text
from mswal_bench.benchmark.tables.wrapped_table import wrapped_table

from .bundle import Bundle
from .bundle_form import FORM_MEMBER, GoalScores, folds_text, statistics_text
from .notice import NOTICE

_MIB = 1 << 20
_NONE = "\N{EN DASH}"
_UNKNOWN = "not known"


def model_text(bundle: Bundle, width: int) -> str:
    """Several lines, of at most `width` characters where words allow it; nothing in them steers a terminal."""
    form = bundle.form
    rows = [(name, plain_text(value)) for name, value in _rows(bundle)]
    blocks = [wrapped_table(("Model", plain_text(form.title)), rows, ("left", "left"), width=width)]
    names = {each.key: each.name for each in classes_of(form.data.labels, FORM_MEMBER)}
    blocks += [_scores(goal, names, width) for goal in form.scores]
    blocks.append(plain_text(form.notice))
    return "\n\n".join(blocks)


def exported_text(bundle: Bundle) -> str:
    """What was written, for the end of an export."""
    about = bundle.form.about
    lines = [f"bundle: {bundle.path} ({_size(bundle)})", f"digest: {bundle.digest}"]
    missing = [name for name, value in (("--licence", about.licence), ("--contact", about.contact)) if value is None]
    if missing:
        lines.append(f"It says nothing of {' and '.join(missing)}: who gets it has to ask you.")
    return "\n".join([*lines, bundle.form.notice])


def imported_text(bundle: Bundle, trainer: str, left_out: Sequence[str]) -> str:
    """What was made of nnU-Net's zip, for the end of an import; `left_out` are configurations that it had too."""
    form = bundle.form
    lines = [plain_text(f"imported as {form.method}: {folds_text(form.folds)}, trained by {trainer}")]
    if left_out:
        lines.append(
            plain_text(f"left out: {', '.join(left_out)}. nnU-Net's ensemble with them would predict otherwise.")
        )
    return "\n".join([*lines, exported_text(bundle)])


def nnunet_text(folder: Path, command: str, differences: Sequence[str]) -> str:
    """What was written for nnU-Net, for the end of an export."""
    return "\n".join([f"folder: {folder}", command, *differences, NOTICE])


def verified_text(bundle: Bundle) -> str:
    """What was checked of a bundle in which nothing is wrong."""
    members = len(bundle.form.members) + 1
    network = f"{bundle.form.parameters:,} numbers in a network"
    found = f"{members} members, {_size(bundle)}, {folds_text(bundle.form.folds)}, {network}"
    return f"{bundle.path} is whole: {found}.\ndigest: {bundle.digest}"


def _size(bundle: Bundle) -> str:
    return f"{bundle.path.stat().st_size / _MIB:,.1f} MiB"


def _rows(bundle: Bundle) -> Iterator[tuple[str, str]]:
    form, data, about = bundle.form, bundle.form.data, bundle.form.about
    yield "method", form.method
    yield "published", form.publication
    yield "trained on", data.name if data.cases is None else f"{data.name}, {data.cases} cases"
    epochs = _UNKNOWN if form.epochs is None else f"{form.epochs} epochs a fold"
    if form.imported is None:
        yield "training", f"budget {form.budget.value}, {epochs}"
    else:
        yield "training", epochs
        yield "imported", form.imported.source
    yield "folds", ", ".join(map(str, form.folds))
    yield "network", f"{form.parameters:,} numbers, stored as {form.precision}"
    if form.statistics_batches:
        yield "batch normalisation", f"statistics {statistics_text(form.statistics_batches)}"
    yield "authors", ", ".join(about.authors) or _UNKNOWN
    yield "licence", about.licence or "none given"
    yield "contact", about.contact or _UNKNOWN
    yield "written by", f"mswal-bench {form.version}"
    yield "size", _size(bundle)
    yield "digest", bundle.digest


def _scores(goal: GoalScores, names: dict[str, str], width: int) -> str:
    rows = [(names.get(key, key), estimate_text(of.dsc), estimate_text(of.f1)) for key, of in goal.classes.items()]
    rows.append(("Avg.", estimate_text(goal.average.dsc), estimate_text(goal.average.f1)))
    safe = [[plain_text(cell) for cell in row] for row in rows]
    table = wrapped_table(("Lesion", "DSC", "F1"), safe, ("left", "right", "right"), width=width)
    cases = "1 case" if goal.cases == 1 else f"{goal.cases} cases"
    head = plain_text(f"{goal.track}, {folds_text(goal.folds)}: {cases}, protocol {goal.protocol}")
    intervals = f"{100 * goal.bootstrap.confidence:g} % bootstrap intervals where cases are enough"
    return f"{head}\n\n{table}\n\nPercent, {intervals}. As the bundle says."
