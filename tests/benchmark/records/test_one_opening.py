"""Exchanges a submission while it is evaluated: a record's digest and scores are of the same bytes all the same."""

from __future__ import annotations

import itertools
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mswal_bench.benchmark.records import evaluate_submission as evaluating
from mswal_bench.benchmark.records import rescoring
from mswal_bench.benchmark.records.evaluate_submission import Evaluation, evaluate
from mswal_bench.benchmark.records.evaluation_target import EvaluationTarget
from mswal_bench.benchmark.records.identity import identity_of, sealed, submission_digest
from mswal_bench.benchmark.records.record_store import record_folder
from mswal_bench.benchmark.records.record_writing import record_json
from mswal_bench.benchmark.records.rescoring import differences_to_rescored
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.records.verify_records import verify_records
from mswal_bench.benchmark.submissions.make_manifest import manifest_of

from .conftest import CASES, FORM, reference_labels

if TYPE_CHECKING:
    from mswal_bench.tests.conftest import SaveLabels

TRACK = CASES[:2]
FILES = tuple(Path("predictions") / f"{case}.nii" for case in TRACK)
Exchange = Callable[[], object]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, save_labels: SaveLabels) -> tuple[Path, Path]:
    """What is handed in, and what takes its place: in every file one byte is another, and so are the scores."""
    top = tmp_path_factory.mktemp("both")
    for of, name in enumerate(("first", "second")):
        for number, case in enumerate(TRACK, start=1):
            predicted = np.roll(reference_labels(number), 1, axis=2)
            predicted[0, 0, 0] = 3 * of
            save_labels(top / name / "predictions" / f"{case}.nii", predicted)
        (top / name / "submission.yaml").write_text(FORM)
    return top / "first", top / "second"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, save_labels: SaveLabels) -> EvaluationTarget:
    """Its results go nowhere: each evaluation takes a folder of its own."""
    labels = tmp_path_factory.mktemp("labels")
    for number, case in enumerate(TRACK, start=1):
        save_labels(labels / f"{case}.nii.gz", reference_labels(number))
    return EvaluationTarget(manifest_of(labels, "demo", False), labels, labels.parent / "nowhere", None)


@pytest.fixture(scope="module")
def honest(
    tmp_path_factory: pytest.TempPathFactory, both: tuple[Path, Path], target: EvaluationTarget
) -> Mapping[str, ResultRecord]:
    """By the predictions' digest, the record of every mixture of the two, made while nobody exchanges anything.

    A mixture comes of an exchange after one file was read and before another is. The first is that of what was handed
    in, the last that of what takes its place.
    """
    top = tmp_path_factory.mktemp("honest")
    records = {}
    for choice in itertools.product(both, repeat=len(FILES)):
        mixed = Path(shutil.copytree(both[0], top / "-".join(of.name for of in choice)))
        for file, of in zip(FILES, choice, strict=True):
            shutil.copyfile(of / file, mixed / file)
        record = _evaluated(mixed, target, mixed / "results").record
        assert record is not None
        records[record.predictions_digest] = record
    assert len({str(record.files) for record in records.values()}) == len(records) == 2 ** len(FILES)
    return records


def _evaluated(submission: Path, target: EvaluationTarget, results: Path) -> Evaluation:
    return evaluate(submission, replace(target, results=results), jobs=1, resamples=20)


def _hand_in(how: str, both: tuple[Path, Path], to: Path) -> Exchange:
    """Makes the submission `to`, and gives what exchanges it for the other one."""
    first, second = (Path(shutil.copytree(of, f"{to}-{of.name}")) for of in both)
    following = to.with_name(f"{to.name}-next")
    if how in {"zip", "tar", "gztar"}:
        shutil.copyfile(shutil.make_archive(str(first), how, first), to)
        shutil.copyfile(shutil.make_archive(str(second), how, second), following)
        return lambda: following.replace(to)
    if how == "archive rewritten":
        # Stored, all of one hour: what lies where is the same in both, and only checksums tell them apart.
        contents = []
        for of in (first, second):
            with zipfile.ZipFile(to, "w") as archive:
                for path in sorted(each for each in of.rglob("*") if each.is_file()):
                    archive.writestr(zipfile.ZipInfo(path.relative_to(of).as_posix()), path.read_bytes())
            contents.append(to.read_bytes())
        to.write_bytes(contents[0])
        return lambda: _rewrite(to, contents[1])
    if how == "link led elsewhere":
        to.symlink_to(first)
        following.symlink_to(second)
        return lambda: following.replace(to)
    if how == "hard links":
        for file in FILES:
            (to / file).parent.mkdir(parents=True, exist_ok=True)
            (to / file).hardlink_to(first / file)
        shutil.copy(first / "submission.yaml", to)
        return lambda: _rewrite_all(first, second)
    first.rename(to)
    if how == "files rewritten":
        return lambda: _rewrite_all(to, second)
    return lambda: [(second / file).replace(to / file) for file in FILES]


def _rewrite_all(folder: Path, other: Path) -> None:
    for file in FILES:
        _rewrite(folder / file, (other / file).read_bytes())


def _rewrite(file: Path, content: bytes) -> None:
    with file.open("r+b") as there:
        there.write(content)


WAYS = (
    "files rewritten", "files replaced", "hard links", "link led elsewhere", "archive rewritten", "zip", "tar", "gztar"
)  # fmt: skip


@contextmanager
def _before(stage: str, exchange: Exchange, module: Any) -> Iterator[None]:
    """Exchanges the submission when that step of the module's is about to be taken for the first time."""
    step, waiting = getattr(module, stage), [exchange]

    def exchanged_before(*arguments: Any, **options: Any) -> Any:
        if waiting:
            waiting.pop()()
        return step(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, stage, exchanged_before)
        yield
    assert not waiting, "the step was not taken"


def _essence(record: ResultRecord) -> dict[str, Any]:
    return record.model_dump(exclude={"created_at", "environment", "digest"})


def _is_of_one(record: ResultRecord, honest: Mapping[str, ResultRecord]) -> bool:
    """Whether its digest and its numbers are those of one submission."""
    return _essence(record) == _essence(honest[record.predictions_digest])


@pytest.mark.parametrize("how", WAYS)
def test_an_exchange_at_any_step_of_evaluating(
    how: str, both: tuple[Path, Path], target: EvaluationTarget, honest: Mapping[str, ResultRecord], tmp_path: Path
) -> None:
    first, *_, second = honest
    for stage in ("opened", "copied", "validate_opened", "identified", "score_submission", "add_record"):
        exchange = _hand_in(how, both, tmp_path / stage)
        with _before(stage, exchange, evaluating):
            record = _evaluated(tmp_path / stage, target, tmp_path / "results" / stage).record
        if stage == "copied" and record is None:
            continue  # It is told to be another than was listed.
        assert record is not None
        assert _is_of_one(record, honest)
        # What was copied is evaluated, whatever becomes of the submission afterwards.
        assert stage == "copied" or record.predictions_digest == (second if stage == "opened" else first)
        assert verify_records(tmp_path / "results" / stage).problems == ()


def test_an_exchange_that_never_ends(
    both: tuple[Path, Path], target: EvaluationTarget, honest: Mapping[str, ResultRecord], tmp_path: Path
) -> None:
    submission = Path(shutil.copytree(both[0], tmp_path / "submission"))
    contents = {file: [(of / file).read_bytes() for of in both] for file in FILES}
    ended = threading.Event()

    def exchange() -> None:
        for of in itertools.cycle((1, 0)):
            for file in FILES:
                _rewrite(submission / file, contents[file][of])
            if ended.wait(0.0005):
                return

    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        records = [_evaluated(submission, target, tmp_path / str(number)).record for number in range(8)]
    finally:
        ended.set()
        thread.join()
    assert all(record is not None and _is_of_one(record, honest) for record in records)


@pytest.fixture
def forged(honest: Mapping[str, ResultRecord], tmp_path: Path) -> Path:
    """Results with a record of the first's digest and the second's scores, as an exchange would have made it."""
    first, *_, second = honest.values()
    update = {"predictions_digest": first.predictions_digest}
    update["submission_digest"] = submission_digest(first.form, first.predictions_digest)
    record = second.model_copy(update=update)
    assert identity_of(record).id == first.id
    folder = record_folder(tmp_path / "results", "demo", first.id)
    folder.mkdir(parents=True)
    (folder / "record.json").write_text(record_json(sealed(record.model_copy(update={"id": first.id}))))
    return tmp_path / "results"


@pytest.mark.parametrize("how", WAYS)
def test_an_exchange_at_any_step_of_verifying(
    how: str, both: tuple[Path, Path], target: EvaluationTarget, forged: Path, tmp_path: Path
) -> None:
    """Nobody gets a false record confirmed by showing one submission to the digest and another to the scorer."""
    results = tmp_path / "true"
    assert _evaluated(both[0], target, results).record is not None
    for stage in ("open_for_track", "copied", "validate_opened", "scan_records", "score_submission"):
        told = []
        for folder in (forged, results):
            submission = tmp_path / f"{stage}-{folder.name}"
            with _before(stage, _hand_in(how, both, submission), rescoring):
                told.append(differences_to_rescored(folder, None, submission, target.reference, jobs=1))
        assert told[0] != []
        if stage not in {"open_for_track", "copied"}:
            assert told[1] == [], "what was copied is compared, whatever becomes of the submission afterwards"
            assert [problem for problem in told[0] if "scored again, is another" in problem.what]
