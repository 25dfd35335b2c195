"""One's own results on MSWAL: evaluated submissions and finished runs below a folder, and which of them compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import nan
from pathlib import Path

from mswal_bench.baselines.method import Method
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.data.protocol import MSWAL_1
from mswal_bench.benchmark.records.record_store import read_records, record_folder
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.runs.run_record import RunRecord, read_record
from mswal_bench.benchmark.runs.tracks import Track
from mswal_bench.benchmark.scoring.estimates import ClassResult
from mswal_bench.splits import N_FOLDS

from .result_folders import find_results
from .table_2 import AVERAGE, METRICS, Metric


@dataclass(frozen=True)
class Setting:
    """What two results must have in common to stand in one table."""

    track: str
    """`public-cv-fold-2` where one fold alone predicted what it held out: other cases than those of the others."""
    reference: str | None
    """Digest of the labels."""
    cases: int

    def __str__(self) -> str:
        labels = (self.reference or "").removeprefix("sha256:")[:8] or "not named"
        return f"{self.track} ({'1 case' if self.cases == 1 else f'{self.cases} cases'}, labels {labels})"


@dataclass(frozen=True)
class OwnResult:
    """The scores of a method under `mswal/1`, as fractions; NaN for what is undefined."""

    baseline: str | None
    """Key of `METHODS`; None for another method."""
    variant: str | None
    """Of that method."""
    name: str
    """What the authors call it; of a run the method and the run's folder."""
    source: str
    """The record it is from, below the folder that was read."""
    setting: Setting
    scores: Mapping[tuple[str, Metric], float]
    """By lesion class key or `AVERAGE`, and metric."""
    classes: int
    """How many classes the Avg. is over."""
    created_at: datetime
    folds: int | None = None
    """Of a run how many folds predicted; of an evaluated submission None."""
    status: str | None = None
    """Of an evaluated submission `verified` or `claimed`."""
    missing: int = 0
    """Cases without a prediction, counted as empty."""

    def score(self, row: str, metric: Metric) -> float:
        """Of a lesion class or the `AVERAGE`; NaN where it is undefined."""
        return self.scores.get((row, metric), nan)

    @property
    def title(self) -> str:
        """As the harness calls the method; of another method its own name."""
        if self.baseline is None:
            return self.name
        method = METHODS[self.baseline]
        return method.title if self.variant is None else method.variants()[self.variant].title


def read_own_results(folder: Path) -> tuple[list[OwnResult], list[str]]:
    """Every result on MSWAL below `folder`, and sentences about what was passed over.

    Evaluated submissions are those of every results folder (`mswal-bench evaluate`) in and below it, finished runs
    those of every work folder but the two of a transfer experiment. Raises BenchError where there is no such folder, or
    a record of it cannot be read.
    """
    found = find_results(folder)
    results: list[OwnResult] = []
    others: list[str] = []
    unscored: list[str] = []
    problems: list[Problem] = []
    for place in found.results:
        try:
            records = read_records(place)
        except BenchError as error:
            problems += error.problems
            continue
        for record in records:
            source = record_folder(place, record.track, record.id).relative_to(folder).as_posix()
            if record.protocol == MSWAL_1.id:
                results.append(_of_submission(record, source))
            else:
                others.append(source)
    for path in found.runs:
        source = str(path.parent.relative_to(folder))
        try:
            run = read_record(path)
            if run.scores is None:
                unscored.append(source)
            elif run.scores.get("protocol") == MSWAL_1.id:
                results.append(_of_run(run, source, path))
            else:
                others.append(source)
        except OSError as error:
            problems.append(Problem(f"cannot be read ({error.strerror or error})", str(path)))
        except BenchError as error:
            problems += error.problems
    raise_if_any(problems)
    notes = [f"Passed over, for they are not of MSWAL's seven classes: {listed(others)}."] if others else []
    notes += [f"Passed over, for the labels are not there: {listed(unscored)}."] if unscored else []
    return results, notes


def of_one_setting(results: Sequence[OwnResult], where: Path) -> list[OwnResult]:
    """The results themselves, where they compare. Raises BenchError, which says what can be chosen, where not."""
    settings: dict[Setting, list[str]] = {}
    for result in results:
        settings.setdefault(result.setting, []).append(result.source)
    if len(settings) > 1:
        found = "; ".join(f"{setting}: {listed(sources, 4)}" for setting, sources in settings.items())
        tracks = sorted({setting.track for setting in settings})
        mend = "Give a folder that holds those of one."
        if len(tracks) > 1:
            mend = f"Choose a track with --track: {', '.join(tracks)}."
        what = "holds results on several tracks or against several labels, which do not compare"
        raise BenchError(Problem(what, str(where), "those of one", found, mend))
    return list(results)


def shown_of(results: Sequence[OwnResult], what: str) -> tuple[OwnResult, list[str]]:
    """The one of `results`, one or more of one method, that a table shows, and a sentence about the others, if any.

    One that is claimed gives way to any other; then that of most folds is shown, then the newest.
    """
    *others, shown = sorted(results, key=lambda each: (each.status != "claimed", each.folds or 0, each.created_at))
    sources = listed([each.source for each in others])
    return shown, [f"{what}: that of {shown.source}, not of {sources}."] if others else []


def _of_submission(record: ResultRecord, source: str) -> OwnResult:
    form = record.form
    baseline, variant = _known(form.baseline, form.variant)
    scores = {(key, metric): _value(result, metric) for key, result in record.classes.items() for metric in METRICS}
    scores |= {(AVERAGE, "dsc"): _number(record.average.dsc.value), (AVERAGE, "f1"): _number(record.average.f1.value)}
    return OwnResult(
        baseline,
        variant,
        form.method,
        source,
        Setting(record.track, record.reference_digest, record.cases),
        scores,
        record.average.dsc_classes,
        record.created_at,
        status=record.status,
        missing=len(record.missing),
    )


def _of_run(run: RunRecord, source: str, path: Path) -> OwnResult:
    baseline, variant = _methods_by_name().get(run.identity.method, (None, None))
    try:
        table = run.scores or {}
        (method,) = table["methods"].values()
        numbers = {**method["classes"], AVERAGE: method["average"]}
        scores = {(key, metric): _number(values[metric]) for key, values in numbers.items() for metric in METRICS}
        classes = int(method["average"]["dsc_classes"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BenchError(Problem("has scores that are not those of one method", str(path))) from error
    track = run.track
    if track == Track.PUBLIC_CV and len(run.folds) < N_FOLDS:
        track = f"{track}-fold-{'-'.join(map(str, run.folds))}"
    return OwnResult(
        baseline,
        variant,
        f"{run.title} ({Path(source).parent})",
        source,
        Setting(track, run.labels_digest, run.cases),
        scores,
        classes,
        run.created_at,
        folds=len(run.folds),
    )


def _value(result: ClassResult, metric: Metric) -> float:
    return _number((result.dsc if metric == "dsc" else result.f1).value)


def _number(value: float | None) -> float:
    return nan if value is None else float(value)


def _known(baseline: str | None, variant: str | None) -> tuple[str | None, str | None]:
    """A form may name a method, or a variant, of another version of this program."""
    method: Method | None = METHODS.get(baseline or "")
    if method is None or (variant is not None and variant not in method.variants()):
        return None, None
    return baseline, variant


@cache
def _methods_by_name() -> Mapping[str, tuple[str, str | None]]:
    """The names that runs have, `METHOD` and `METHOD-VARIANT`."""
    names: dict[str, tuple[str, str | None]] = {key: (key, None) for key in METHODS}
    for key, method in METHODS.items():
        names |= {each.name: (key, variant) for variant, each in method.variants().items()}
    return names
