"""Plans the scores of many methods as tasks, one a method, and one that merges them into the scores of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.suggestions import apart, looks
from mswal_bench.benchmark.core.whole_files import require_unicode
from mswal_bench.benchmark.data.labels_beside import descriptions_of
from mswal_bench.benchmark.jobs.queue_record import LAUNCH_FOLDER
from mswal_bench.benchmark.jobs.task_inputs import had_these_inputs, inputs_digest, was_done
from mswal_bench.benchmark.jobs.tasks import SCORE, TABLE, Kind, Task, TaskArray, TaskPlan
from mswal_bench.benchmark.runs.predicted_goals import folders_of_methods
from mswal_bench.benchmark.scoring.case_folders import MethodFolder, folder_name
from mswal_bench.benchmark.scoring.case_store import digest_of_the_code
from mswal_bench.benchmark.scoring.scores_json import SCORE_FILES, SCORES_FILE
from mswal_bench.benchmark.scoring.table_files import TABLE_FILES

METHODS_FOLDER = "methods"
"""The folder in `out` with the scores of each method."""


@dataclass(frozen=True)
class ManyScores:
    """What is asked for: the scores of many folders of predictions, or runs, in one folder."""

    predictions: tuple[Path, ...]
    reference: Path
    out: Path
    options: tuple[str, ...] = ()
    """Those of `mswal-bench score` that go to each task."""

    @property
    def folder(self) -> Path:
        """Where it is kept what becomes of the tasks."""
        return self.out / LAUNCH_FOLDER


def plan_scores(asked: ManyScores) -> TaskPlan:
    """The tasks that are left to do; none where all was done before on the very files that are there now.

    A method that cannot be scored costs itself, as in one call. Scores of other files or options than now are removed
    from `out`, for if a task fails nobody must take them for new; the scores of single cases stay. Raises BenchError
    for folders that are not there, or are label maps' and `out` at once, and for two methods of one name.
    """
    require_unicode(*asked.predictions, asked.reference, asked.out)
    raise_if_any(_misplaced(asked))
    # What the labels are called is in a file beside them.
    of_reference = inputs_digest([], [asked.reference, *descriptions_of(asked.reference)])
    methods = _methods(asked)
    tasks = [_task(asked, path, method, of_reference) for path, method in zip(asked.predictions, methods, strict=True)]
    merge = _merge(asked, methods, tasks)
    for task, out in [*zip(tasks, (_out(asked, method) for method in methods), strict=True), (merge, asked.out)]:
        if not had_these_inputs(asked.folder, task):
            for name in (*SCORE_FILES, *TABLE_FILES):
                _remove(out / name)
    left = [
        task
        for task, method in zip(tasks, methods, strict=True)
        if not (was_done(asked.folder, task) and (_out(asked, method) / SCORES_FILE).exists())
    ]
    if not left and was_done(asked.folder, merge) and (asked.out / SCORES_FILE).exists():
        return TaskPlan(asked.folder, ())
    scores = [TaskArray(SCORE, Kind.SCORE, tuple(left))] if left else []
    return TaskPlan(asked.folder, (*scores, TaskArray(TABLE, Kind.TABLE, (merge,))))


def _misplaced(asked: ManyScores) -> Iterator[Problem]:
    for path in (asked.reference, *asked.predictions):
        if not path.is_dir():
            what = "not a folder" if path.exists() else "no such folder"
            yield Problem(what, str(path), "a folder of label maps, one task each")
        elif path.resolve() == asked.out.resolve():
            what = "the scores would be written among the label maps"
            yield Problem(what, str(asked.out), mend="Name another folder with --out.")


def _methods(asked: ManyScores) -> list[MethodFolder]:
    """The methods as each is called when it is scored alone."""
    methods = [_method(path, asked.reference) for path in asked.predictions]
    times = Counter(looks(method.name) for method in methods)
    for name in (name for name, count in times.items() if count > 1):
        alike = [
            str(path) for path, method in zip(asked.predictions, methods, strict=True) if looks(method.name) == name
        ]
        what = f"predictions of one name, {name!r}, which would be one method in the table"
        mend = "Rename one of them, link to it under another name, or name the folder of its label maps."
        raise BenchError(Problem(what, ", ".join(apart(alike)), mend=mend))
    return methods


def _method(path: Path, reference: Path) -> MethodFolder:
    # What is wrong is told by the task, which is left out under this name.
    found = folders_of_methods([path], reference, [], [])
    return found[0] if found else MethodFolder(path, folder_name(path))


def _task(asked: ManyScores, path: Path, method: MethodFolder, of_reference: str) -> Task:
    command = ["score", str(path.absolute()), "--reference", str(asked.reference.absolute())]
    command += ["--out", str(_out(asked, method).absolute()), *asked.options]
    inputs = inputs_digest([*command, of_reference, digest_of_the_code()], [method.path])
    return Task(SCORE, method.name, tuple(command), inputs=inputs)


def _merge(asked: ManyScores, methods: Sequence[MethodFolder], tasks: Sequence[Task]) -> Task:
    folders = [str(_out(asked, method).absolute()) for method in methods]
    command = ("merge", *folders, "--out", str(asked.out.absolute()))
    inputs = inputs_digest([*command, *(task.inputs for task in tasks)])
    # After them and not only if they are done: a method that fails is left out of the table.
    return Task(TABLE, "of all methods", command, after=tuple(task.key for task in tasks), inputs=inputs)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        what = f"scores of other files cannot be removed ({error.strerror or error})"
        raise BenchError(Problem(what, str(path))) from error


def _out(asked: ManyScores, method: MethodFolder) -> Path:
    return asked.out / METHODS_FOLDER / method.name
