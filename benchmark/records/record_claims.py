"""Tells what in a record contradicts the rest of it, from the record alone: every reader of records asks this.

Who makes a record anew, with all of its digests, contradicts nothing: only rows, a signature, or scoring the
predictions again tell that.
"""

from __future__ import annotations

from collections.abc import Iterator

from mswal_bench.benchmark.core.errors import Problem, listed
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.scoring.cases_csv import CASES_FILE
from mswal_bench.benchmark.scoring.estimates import Estimate
from mswal_bench.benchmark.scoring.lesions_csv import LESIONS_FILE

from .identity import identity_of, record_digest, submission_digest
from .publication import DECIMALS, published
from .result_record import ResultRecord

_TOLERANCE = 1e-9
"""Of a mean, which another machine may add up in another order."""
_AVERAGES = (("dsc", "dsc_classes"), ("f1", "f1_classes"), ("f1_per_case", "f1_classes"))


def contradictions(record: ResultRecord, where: str) -> Iterator[Problem]:
    """Yields a problem for everything in the record that does not fit the rest; `where` is its file."""
    yield from _digests(record, where)
    yield from _cases_and_files(record, where)
    yield from _intervals(record, where)
    yield from _averages(record, where)


def published_too_much(record: ResultRecord, where: str) -> Iterator[Problem]:
    """Yields a problem for a record of a results folder that says what a hidden track does not publish."""
    if record != published(record):
        what = "says more than may be published of a hidden track"
        yield Problem(what, where, mend="Remove it from what is published, at once.")


def _digests(record: ResultRecord, where: str) -> Iterator[Problem]:
    for what, told, found in (
        ("submission_digest", record.submission_digest, submission_digest(record.form, record.predictions_digest)),
        ("id", record.id, identity_of(record).id),
        # Of records from before there was one nothing can be said.
        ("digest", record.digest, None if record.digest is None else record_digest(record)),
    ):
        if told != found:
            yield Problem(f"the {what} does not follow from what the record says", where, str(found), str(told))
    if record.form.track != record.track:
        yield Problem("the form is of another track", where, record.track, record.form.track)


def _cases_and_files(record: ResultRecord, where: str) -> Iterator[Problem]:
    if len(record.missing) > record.cases:
        what = "more cases are without a prediction than there are"
        yield Problem(what, where, str(record.cases), str(len(record.missing)))
    if len(set(record.missing)) < len(record.missing):
        yield Problem("a case is without a prediction twice", where)
    expected = [lesion.key for lesion in MSWAL_1.lesion_classes]
    if record.protocol == MSWAL_1.id and set(record.classes) != set(expected):
        yield Problem(f"the classes are not those of {MSWAL_1.id}", where, listed(expected), listed([*record.classes]))
    names = {CASES_FILE, LESIONS_FILE}
    if not record.hidden and record.release is not None:
        yield Problem("was released as of a hidden track, which it is not of", where)
    if not record.hidden and set(record.files) != names:
        what = "the record does not name the files of its rows"
        yield Problem(what, where, listed(sorted(names)), listed([*record.files]) or "none")


def _intervals(record: ResultRecord, where: str) -> Iterator[Problem]:
    for part, result in (*record.classes.items(), ("average", record.average)):
        for name, estimate in result:
            if isinstance(estimate, Estimate) and not _is_interval(estimate):
                yield Problem(f"{part} {name} has an interval that is none", where, found=str(estimate))


def _is_interval(estimate: Estimate) -> bool:
    """Whether both ends are there, in order, of a number that is. Drawn ends need not have the number between them."""
    if estimate.low is None or estimate.high is None:
        return estimate.low is estimate.high
    return estimate.value is not None and estimate.low <= estimate.high


def _averages(record: ResultRecord, where: str) -> Iterator[Problem]:
    """An average is the mean of its classes. Those of a hidden track that are withheld may be anything from 0 to 1."""
    within = 10.0**-DECIMALS if record.hidden else _TOLERANCE
    for name, counted in _AVERAGES:
        values = [getattr(result, name).value for result in record.classes.values()]
        known = [value for value in values if value is not None]
        classes = getattr(record.average, counted)
        withheld = classes - len(known)
        if withheld < 0 or classes > len(values) or (withheld and not record.hidden):
            what = f"the average {name} is over another number of classes than have one"
            yield Problem(what, where, str(len(known)), str(classes))
            continue
        average = getattr(record.average, name).value
        if average is None:
            if classes and not record.hidden:
                yield Problem(f"the average {name} is not there, though classes have one", where)
            continue
        rest = average * classes - sum(known)
        if not classes or not -within * classes <= rest <= withheld + within * classes:
            mean = sum(known) / len(known) if known else None
            yield Problem(f"the average {name} is not the mean of the classes", where, str(mean), str(average))
