"""Finds one's own results on MSWAL, evaluated submissions and finished runs, and tells which can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import nan
from pathlib import Path

from mswal_bench.baselines.method import Method
from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.errors import BenchError, Problem, listed, raise_if_any
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.records.organiser_key import PublicKey
from mswal_bench.benchmark.records.record_store import read_results, record_folder
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.runs.run_record import RunRecord, read_run_record
from mswal_bench.benchmark.runs.tracks import Track
from mswal_bench.benchmark.scoring.estimates import AverageResult, ClassResult
from mswal_bench.benchmark.scoring.scores_json import ScoreSummary
from mswal_bench.metrics.aggregation import MetricPair
from mswal_bench.splits import N_FOLDS

from .result_folders import FoundResults
from .table_2 import AVERAGE

_OTHER_CLASSES = "they do not have MSWAL's seven classes"
_UNSCORED = "they were run without labels"
_OF_PEOPLE = "people drew their label maps"
_ROUNDED = "hidden tracks round averages and show no types"


@dataclass(frozen=True)
class Basis:
    """Says on what a result was scored; all results of a table have the same basis."""

    track: str
    """Is the track's name, or as `public-cv-fold-2` where only some folds predicted the cases that they held out."""
    reference: str | None
    """Is the digest of the labels; None where a record does not have it."""
    cases: int

    def __str__(self) -> str:
        labels = (self.reference or "").removeprefix("sha256:")[:8] or "not named"
        return f"{self.track} ({'1 case' if self.cases == 1 else f'{self.cases} cases'}, labels {labels})"


@dataclass(frozen=True)
class OwnResult:
    """Holds the scores of a method under `mswal/1`."""

    baseline: str | None
    """Is a key of `METHODS`; None for another method."""
    variant: str | None
    """Names a variant of that method; None for the method itself."""
    name: str
    """Is what the authors call the method; for a run, the method's title and the run's folder."""
    source: str
    """Is the path of the record, relative to the folder that was read."""
    basis: Basis
    classes: Mapping[str, MetricPair]
    """Has the scores by lesion class key, as fractions."""
    average: MetricPair
    average_classes: int
    """Counts the classes that the Avg. is over."""
    in_reference: Mapping[str, bool]
    """Tells by lesion class key whether a case has it in its reference; without classes that are not known."""
    created_at: datetime
    folds: int | None = None
    """Counts the folds that predicted in a run; None for an evaluated submission."""
    status: str | None = None
    """Is `verified` or `claimed` for an evaluated submission; None for a run."""
    missing: int = 0
    """Counts the cases without a prediction, which were scored as empty."""

    def of(self, row: str) -> MetricPair:
        """Returns the scores of a lesion class or the `AVERAGE`, as fractions; NaN where they are undefined."""
        return self.average if row == AVERAGE else self.classes.get(row, MetricPair(nan, nan))

    @property
    def title(self) -> str:
        """Returns the harness's title of the method, or the name of a method that it does not have."""
        if self.baseline is None:
            return self.name
        method = METHODS[self.baseline]
        return method.title if self.variant is None else method.variants()[self.variant].title


def read_own_results(
    found: FoundResults, folder: Path, organiser: PublicKey | None = None
) -> tuple[list[OwnResult], list[str]]:
    """Reads every result on MSWAL that was `found` below `folder`, and returns sentences about those passed over.

    Results are the evaluated submissions of the results folders (`mswal-bench evaluate`), whose signatures are checked
    by `organiser`, else by the folder's own key, and the finished runs. Raises BenchError when a record cannot be read
    or is not as it was written.
    """
    results: list[OwnResult] = []
    left_out: dict[str, list[str]] = {why: [] for why in (_OTHER_CLASSES, _UNSCORED, _OF_PEOPLE, _ROUNDED)}
    signatures: list[str] = []
    problems: list[Problem] = []
    for place in found.results:
        try:
            read = read_results(place, organiser)
        except BenchError as error:
            problems += error.problems
            continue
        signatures += read.notes
        for record in read.records:
            source = record_folder(place, record.track, record.id).relative_to(folder).as_posix()
            passed_over = _passed_over(record)
            if passed_over is None:
                results.append(_of_submission(record, source))
            else:
                left_out[passed_over].append(source)
    for path in found.runs:
        source = str(path.parent.relative_to(folder))
        try:
            run = read_run_record(path)
            if run.scores is None:
                left_out[_UNSCORED].append(source)
            elif run.scores.protocol == MSWAL_1.id:
                results.append(_of_run(run, run.scores, source))
            else:
                left_out[_OTHER_CLASSES].append(source)
        except OSError as error:
            problems.append(Problem(f"cannot be read ({error.strerror or error})", str(path)))
        except BenchError as error:
            problems += error.problems
    raise_if_any(problems)
    notes = (f"Passed over, because {why}: {listed(sources)}." for why, sources in left_out.items() if sources)
    return results, [*signatures, *notes]


def _passed_over(record: ResultRecord) -> str | None:
    """Returns why a record is in no table; None for one that is."""
    if record.form.of_people:
        return _OF_PEOPLE
    if record.protocol != MSWAL_1.id:
        return _OTHER_CLASSES
    # Whole points would be printed as exact, and lesion types that are kept back as undefined.
    return None if record.release is None else _ROUNDED


def of_one_basis(results: Sequence[OwnResult], where: Path) -> list[OwnResult]:
    """Returns `results` when all are of one basis. Raises BenchError, with the choices, when not."""
    sources_of: dict[Basis, list[str]] = {}
    for result in results:
        sources_of.setdefault(result.basis, []).append(result.source)
    if len(sources_of) > 1:
        found = "; ".join(f"{basis}: {listed(sources, 4)}" for basis, sources in sources_of.items())
        tracks = sorted({basis.track for basis in sources_of})
        mend = "Give a folder that holds the results on one of them."
        if len(tracks) > 1:
            mend = f"Choose a track with --track: {', '.join(tracks)}."
        what = "holds results on several tracks or against several labels, which cannot be compared"
        raise BenchError(Problem(what, str(where), "one track and one set of labels", found, mend))
    return list(results)


def shown_of(results: Sequence[OwnResult], what: str) -> tuple[OwnResult, list[str]]:
    """Chooses which of one method's `results` (at least one) a table shows, and writes a sentence about the others.

    Any other result goes before a claimed one, then more folds before fewer, then newer before older.
    """
    *others, shown = sorted(results, key=lambda each: (each.status != "claimed", each.folds or 0, each.created_at))
    sources = listed([each.source for each in others])
    return shown, [f"{what}: the result of {shown.source} is shown, not that of {sources}."] if others else []


def _of_submission(record: ResultRecord, source: str) -> OwnResult:
    form = record.form
    baseline, variant = (None, None) if form.package is not None else _known(form.baseline, form.variant)
    return OwnResult(
        baseline,
        variant,
        form.method,
        source,
        Basis(record.track, record.reference_digest, record.cases),
        {key: _pair(result) for key, result in record.classes.items()},
        _pair(record.average),
        record.average.dsc_classes,
        dict(_references(record)),
        record.created_at,
        status=record.status,
        missing=len(record.missing),
    )


def _of_run(run: RunRecord, summary: ScoreSummary, source: str) -> OwnResult:
    # The paper's methods are this package's own; a plug-in is another method.
    own = run.identity.package is None
    baseline, variant = _methods_by_name().get(run.identity.method, (None, None)) if own else (None, None)
    (method,) = summary.methods.values()
    track = run.track
    if track == Track.PUBLIC_CV and len(run.folds) < N_FOLDS:
        track = f"{track}-fold-{'-'.join(map(str, run.folds))}"
    return OwnResult(
        baseline,
        variant,
        f"{run.title} ({Path(source).parent})",
        source,
        Basis(track, run.labels_digest, run.cases),
        {key: MetricPair(score.dsc, score.f1) for key, score in method.classes.items()},
        MetricPair(method.average.dsc, method.average.f1),
        method.average.dsc_classes,
        {key: score.tp + score.fn > 0 for key, score in method.classes.items()},
        run.created_at,
        folds=len(run.folds),
    )


def _pair(result: ClassResult | AverageResult) -> MetricPair:
    dsc, f1 = (nan if estimate.value is None else estimate.value for estimate in (result.dsc, result.f1))
    return MetricPair(dsc, f1)


def _references(record: ResultRecord) -> Iterator[tuple[str, bool]]:
    """Tells what `OwnResult.in_reference` does.

    Recall is defined where the reference has a lesion; of a hidden track it may be withheld where it is defined.
    """
    for key, result in record.classes.items():
        if result.recall.value is not None:
            yield key, True
        elif not record.hidden:
            yield key, False


def _known(baseline: str | None, variant: str | None) -> tuple[str | None, str | None]:
    """Returns method and variant of a form; None twice when they are of another version of this program."""
    method: Method | None = METHODS.get(baseline or "")
    if method is None or (variant is not None and variant not in method.variants()):
        return None, None
    return baseline, variant


@cache
def _methods_by_name() -> Mapping[str, tuple[str, str | None]]:
    """Maps the names that runs have, `METHOD` and `METHOD-VARIANT`, to method and variant."""
    names: dict[str, tuple[str, str | None]] = {key: (key, None) for key in METHODS}
    for key, method in METHODS.items():
        names |= {each.name: (key, variant) for variant, each in method.variants().items()}
    return names
