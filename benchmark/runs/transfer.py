"""Runs the transfer experiment: trains a method on a data set from scratch, and again from weights of another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isnan
from pathlib import Path

from pydantic import BaseModel

from mswal_bench.baselines.method import Budget, Method
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.benchmark.data.dataset import open_dataset
from mswal_bench.benchmark.data.scoring_protocol import protocol_of

from .input_check import check_input
from .method_choice import require_training_packages
from .pretrained import Pretrained, find_pretrained
from .run_folder import STATE_FILE, RunFolder, is_of_checks, refuse_foreign
from .run_method import run_method
from .run_record import RunRecord, Start, now, read_run_record
from .tracks import ALL_FOLDS, Goal, Track, check_goal

SCRATCH, PRETRAINED = "scratch", "pretrained"
"""The folders of the two runs in the work folder."""
_RECORD = "transfer-"


class StructureTransfer(BaseModel):
    """The DSC of one structure, as fractions; None where it is undefined."""

    name: str
    scratch: float | None
    pretrained: float | None
    improvement: float | None
    """Of the pretrained run over the one from scratch."""


class TransferRecord(BaseModel):
    """The outcome of both runs, of which each has a record of its own."""

    schema_version: int = 1
    created_at: datetime
    method: str
    title: str
    budget: str
    seed: int
    dataset: str
    split_digest: str
    folds: list[int]
    """The folds whose ensemble predicted, in both runs."""
    start: Start
    """What the pretrained run began with; the other drew all weights at random."""
    records: dict[str, str]
    """The records of the two runs, below the work folder."""
    protocol: str
    cases: int
    """How many were predicted and scored."""
    structures: dict[str, StructureTransfer]
    """By key, in the order of the data set's labels."""


@dataclass(frozen=True)
class TransferOutcome:
    """What was found, and where it is kept."""

    record: TransferRecord
    path: Path


def transfer(
    method: Method,
    raw: Path,
    work: Path,
    pretrain: Path,
    *,
    pretrain_fold: int | None = None,
    budget: Budget = Budget.PAPER,
    selection: str = ALL_FOLDS,
    device: str = "auto",
    devices: Sequence[str] = (),
    seed: int = 0,
    memory_bytes: int | None = None,
    check: bool = True,
    announce: Callable[[str], None] = lambda sentence: None,
) -> TransferOutcome:
    """Trains `method` twice on the data set in `raw`, predicts and scores its test cases, and compares.

    Both runs are in `work`, resumable, and alike but for their first weights: plans, preprocessing, budget and seed are
    the data set's and the call's. One draws all weights at random, the other begins with those of a run of the same
    method in the folder `pretrain`, as far as they fit: of `pretrain_fold`, or else of the first fold trained to its
    end when the transfer was begun. The options are those of `run_method`; `announce` is told which run comes and what
    fits. Raises BenchError for what the user can mend, before anything is trained where possible.
    """
    require_training_packages(method)
    dataset = open_dataset(raw)
    protocol = protocol_of(dataset)
    if dataset.test_labels is None:
        raise BenchError(Problem("the test labels are not there", str(raw), "a folder labelsTs, to score both runs"))
    refuse_foreign(work, "a transfer", _is_own)
    goal = Goal(dataset, Track.OFFICIAL_TEST, selection)
    check_goal(goal)
    start = find_pretrained(method, pretrain, pretrain_fold, begun_with=_begun_with(work / PRETRAINED))

    def run(name: str, start: Pretrained | None) -> tuple[Path, RunRecord]:
        outcome = run_method(
            method,
            raw,
            work / name,
            budget=budget,
            selection=selection,
            device=device,
            devices=devices,
            seed=seed,
            memory_bytes=memory_bytes,
            start=start,
            check=False,
            announce=announce,
        )
        return outcome.record, read_run_record(outcome.record)

    if check:
        # Once for both runs.
        check_input(raw, work, parts=goal.parts, announce=announce)
    # This one first: if no weights fit, that is known before anything is trained.
    announce(f"{PRETRAINED}: {method.name} on {dataset.name}, beginning with fold {start.fold} of {pretrain}")
    pretrained_path, pretrained = run(PRETRAINED, start)
    announce(f"{SCRATCH}: {method.name} on {dataset.name}")
    scratch_path, scratch = run(SCRATCH, None)

    if pretrained.start is None:
        raise AssertionError("a run that was given weights has them in its record")
    record = TransferRecord(
        created_at=now(),
        method=method.name,
        title=method.title,
        budget=budget,
        seed=seed,
        dataset=dataset.name,
        split_digest=dataset.split.digest,
        folds=scratch.folds,
        start=pretrained.start,
        records={
            SCRATCH: str(scratch_path.relative_to(work)),
            PRETRAINED: str(pretrained_path.relative_to(work)),
        },
        protocol=protocol.id,
        cases=scratch.cases,
        structures={
            structure.key: _compared(structure.name, _dsc(scratch, structure.key), _dsc(pretrained, structure.key))
            for structure in protocol.lesion_classes
        },
    )
    path = work / f"{_RECORD}{goal.name}.json"
    write_text(path, record.model_dump_json(indent=2) + "\n")
    return TransferOutcome(record, path)


def _is_own(name: str) -> bool:
    return name in (SCRATCH, PRETRAINED) or name.startswith(_RECORD) or is_of_checks(name)


def _begun_with(work: Path) -> str | None:
    """The digest of the weights that an earlier call began the run in the folder `work` with; None without one."""
    return RunFolder(work).state().identity.start if (work / STATE_FILE).is_file() else None


def _dsc(record: RunRecord, key: str) -> float | None:
    scores = record.method_scores
    if scores is None:
        raise AssertionError("a run with test labels is scored")
    dsc = scores.classes[key].dsc
    return None if isnan(dsc) else dsc


def _compared(name: str, scratch: float | None, pretrained: float | None) -> StructureTransfer:
    improvement = None if scratch is None or pretrained is None else pretrained - scratch
    return StructureTransfer(name=name, scratch=scratch, pretrained=pretrained, improvement=improvement)
