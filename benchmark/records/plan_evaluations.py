"""Plans the evaluation of many submissions as tasks, one each, and tells what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import require_unicode
from mswal_bench.benchmark.data.labels_beside import descriptions_of
from mswal_bench.benchmark.jobs.queue_record import LAUNCH_FOLDER
from mswal_bench.benchmark.jobs.task_inputs import inputs_digest, was_done
from mswal_bench.benchmark.jobs.task_process import log_file
from mswal_bench.benchmark.jobs.tasks import EVALUATE, Kind, Task, TaskArray, TaskPlan
from mswal_bench.benchmark.scoring.case_store import digest_of_the_code
from mswal_bench.benchmark.submissions.validation import NOT_VALID

from .submission_folder import submissions_in

RECORD_LINE = "record: "
"""Begins the line in which `mswal-bench evaluate` names the folder of a record."""


@dataclass(frozen=True)
class ManyEvaluations:
    """What is asked for: a record of each submission in a folder."""

    submissions: Path
    reference: Path
    results: Path
    work: Path
    options: tuple[str, ...] = ()
    """Those of `mswal-bench evaluate` that go to each task; paths are absolute."""
    inputs: tuple[Path, ...] = ()
    """The files that options name."""

    @property
    def folder(self) -> Path:
        """Where it is kept what becomes of the tasks."""
        return self.work / LAUNCH_FOLDER


def evaluation_tasks(asked: ManyEvaluations) -> list[Task]:
    """A task for each submission, by name, done or not.

    Raises BenchError as `submissions_in` does, and for a work folder within the results, which are published.
    """
    require_unicode(asked.submissions, asked.reference, asked.results, asked.work)
    if asked.work.resolve().is_relative_to(asked.results.resolve()):
        what = f"the work folder lies in the results folder {asked.results}, which is published"
        raise BenchError(Problem(what, str(asked.work), mend="Take a folder outside of it."))
    submissions = submissions_in(asked.submissions)
    require_unicode(*submissions)
    # What the labels are called is in a file beside them.
    of_reference = [asked.reference, *descriptions_of(asked.reference)]
    common = inputs_digest([digest_of_the_code()], [*of_reference, *asked.inputs])
    return [_task(asked, submission, common) for submission in submissions]


def plan_evaluations(asked: ManyEvaluations, tasks: Sequence[Task]) -> TaskPlan:
    """The tasks that are left to do: those whose record is not there, or that had other files or options then."""
    done = [task.key for task in tasks if was_done(asked.folder, task) and record_of(asked, task) is not None]
    left = tuple(task for task in tasks if task.key not in done)
    return TaskPlan(asked.folder, (TaskArray(EVALUATE, Kind.SCORE, left),) if left else ())


def record_of(asked: ManyEvaluations, task: Task) -> Path | None:
    """The folder of the record that the last attempt which made or found one named; None where it is not there."""
    printed = _printed(asked, task)
    named = [Path(line.removeprefix(RECORD_LINE)) for line in printed if line.startswith(RECORD_LINE)]
    return named[-1] if named and named[-1].is_dir() else None


def was_refused(asked: ManyEvaluations, task: Task) -> bool:
    """Whether the last attempt ended because the submission is not valid."""
    return any(line.startswith(NOT_VALID) for line in _printed(asked, task)[-1:])


def _printed(asked: ManyEvaluations, task: Task) -> list[str]:
    try:
        return read_bytes(log_file(asked.folder, task)).decode(errors="replace").splitlines()
    except OSError:
        return []


def _task(asked: ManyEvaluations, submission: Path, common: str) -> Task:
    command = ["evaluate", str(submission.absolute()), "--reference", str(asked.reference.absolute())]
    command += ["--results", str(asked.results.absolute()), *asked.options]
    return Task(EVALUATE, submission.name, tuple(command), inputs=inputs_digest([*command, common], [submission]))
