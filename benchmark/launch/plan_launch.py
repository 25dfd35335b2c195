"""Plans the tasks that take many methods to one table, less what is done already."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mswal_bench.baselines.method import Budget, Method, MethodError
from mswal_bench.baselines.registry import find_variant
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.regular_files import read_bytes
from mswal_bench.benchmark.core.whole_files import require_unicode
from mswal_bench.benchmark.data.dataset import open_dataset
from mswal_bench.benchmark.data.raw_folder import TEST
from mswal_bench.benchmark.jobs.queue_record import LAUNCH_FOLDER
from mswal_bench.benchmark.jobs.task_inputs import inputs_digest, was_done
from mswal_bench.benchmark.jobs.tasks import DATA, TABLE, Kind, Task, TaskArray, TaskPlan
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE
from mswal_bench.benchmark.runs.method_choice import require_training_packages
from mswal_bench.benchmark.runs.run_folder import RunFolder
from mswal_bench.benchmark.runs.run_identity import run_identity
from mswal_bench.benchmark.runs.run_method import is_finished
from mswal_bench.benchmark.runs.run_record import RunState
from mswal_bench.benchmark.runs.stages import Stage
from mswal_bench.benchmark.runs.tracks import Goal, Shard, Track, check_goal
from mswal_bench.benchmark.scoring.scores_json import SCORES_FILE
from mswal_bench.benchmark.scoring.table_files import TABLE_FILES

# A dead node's processes can live on for a while and hold what they worked on.
_PATIENCE_S = 300


@dataclass(frozen=True)
class Launch:
    """What is asked for: methods, each a run in a folder of its name below `root`, and one table of them."""

    methods: tuple[Method, ...]
    raw: Path
    root: Path
    budget: Budget
    track: Track
    selection: str
    seed: int
    device: str
    """What trains: `cpu` or `cuda`."""
    prediction_device: str
    """What predicts."""
    cases_a_shard: int
    check: bool = True
    goal: Goal = field(init=False)

    def __post_init__(self) -> None:
        """Raises BenchError for data that cannot be run on."""
        require_unicode(self.raw, self.root)
        object.__setattr__(self, "goal", Goal(open_dataset(self.raw), self.track, self.selection))
        check_goal(self.goal)

    @property
    def shards(self) -> tuple[Shard, ...]:
        """What each task of a method's prediction predicts."""
        of = -(-len(self.goal.cases) // self.cases_a_shard)
        return tuple(Shard(number, of) for number in range(1, of + 1))

    @property
    def folder(self) -> Path:
        """Where it is kept what becomes of the tasks."""
        return self.root / LAUNCH_FOLDER

    @property
    def table(self) -> Path:
        """The folder of the table of all methods."""
        return self.root / f"table-{self.goal.name}"


@dataclass(frozen=True)
class PlannedRun:
    """A method's run, and how far it is."""

    launch: Launch
    method: Method
    state: RunState | None
    """None of a run that is not begun."""
    prepared_by: Method | None = None
    """The method whose prepared cases it takes over; None where it prepares them itself."""

    @property
    def work(self) -> Path:
        return self.launch.root / self.method.name

    @property
    def is_prepared(self) -> bool:
        return self.state is not None and self.state.prepared is not None

    @property
    def prepares(self) -> bool:
        """Whether it has cases to prepare, for itself and perhaps for others."""
        return self.prepared_by is None and not self.is_prepared

    @property
    def outcome(self) -> Path:
        return self.work / self.launch.goal.name

    @cached_property
    def is_finished(self) -> bool:
        return is_finished(self.outcome / RECORD_FILE, self.launch.goal)

    @property
    def asks(self) -> str:
        """What is asked for, in words. Shards of another size would predict cases that are at work."""
        launch = self.launch
        asked = f"budget {launch.budget}, seed {launch.seed}, {launch.cases_a_shard} cases a shard"
        return f"{asked}, data {launch.raw.absolute()}"

    def command(self, work: Path, *options: str) -> tuple[str, ...]:
        """What does a part of the run, in the folder `work`."""
        launch = self.launch
        base, variant = find_variant(self.method.name) or (self.method.name, None)
        command = ["run", base, *(["--variant", variant] if variant is not None else [])]
        command += ["--data", str(launch.raw.absolute()), "--work", str(work.absolute())]
        command += ["--budget", launch.budget, "--track", launch.track, "--seed", str(launch.seed)]
        return (*command, "--wait", str(_PATIENCE_S), *options)

    def task(self, name: str, *options: str, needs: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> Task:
        """A task that does so in its own folder, where every image and label was read before."""
        if self.prepared_by is not None and not self.is_prepared:
            options = ("--prepared-by", str((self.launch.root / self.prepared_by.name).absolute()), *options)
        command = self.command(self.work, "--no-check", *options)
        return Task(self.method.name, name, command, needs, after, asks=self.asks)

    def is_trained(self, fold: int) -> bool:
        """Whether a fold is trained to its end, and its network is there."""
        sessions = [] if self.state is None else self.state.training.get(fold, [])
        return any(session.to_epoch == session.of_epochs for session in sessions) and fold in self._networks

    @cached_property
    def _networks(self) -> Collection[int]:
        try:
            return self.method.trained_weights(self.work)
        except MethodError:
            # A method need not tell.
            return self.launch.goal.folds

    def is_predicted(self, shard: Shard) -> bool:
        """Whether a shard is predicted, and its label maps are there."""
        goal = self.launch.goal
        if self.state is None:
            return False
        known = goal.name in self.state.predicted or str(shard) in self.state.predicted_shards.get(goal.name, {})
        out = self.work / goal.predictions / self.method.name
        cases = (case for share in goal.shard(shard) for case in share.images)
        return known and all((out / f"{case}.nii.gz").exists() for case in cases)


def planned_runs(launch: Launch) -> tuple[PlannedRun, ...]:
    """The runs of all methods, as they are. Raises BenchError for those that cannot go on as asked, all at once."""
    problems: list[Problem] = []
    runs: list[PlannedRun] = []
    for method in launch.methods:
        folder = RunFolder(launch.root / method.name)
        try:
            require_training_packages(method)
            state = folder.state() if folder.is_begun else None
            before = None if state is None else state.identity
            folder.refuse_another(run_identity(method, launch.goal.dataset, launch.budget, launch.seed, None, before))
            runs.append(PlannedRun(launch, method, state))
        except BenchError as error:
            problems += error.problems
    raise_if_any(problems)
    return tuple(_sharing(runs))


def plan_launch(launch: Launch, runs: Sequence[PlannedRun]) -> TaskPlan:
    """The tasks that are left to do; none where the table is there.

    Every image and label is read once before anything is prepared, and cases are prepared once for all methods that
    prepare them alike. A method that fails costs itself: the table has the others.
    """
    open_runs = [run for run in runs if not run.is_finished]
    check = _check(open_runs) if launch.check else ()
    preparing = {run.method.name: _prepare(run, check) for run in open_runs if run.prepares}
    trainings = {run.method.name: _trainings(run, check, preparing) for run in open_runs}
    arrays = [
        TaskArray("check", Kind.CHECK, check),
        TaskArray("prepare", Kind.PREPARE, tuple(preparing.values())),
        TaskArray("train", Kind.TRAIN, tuple(task for tasks in trainings.values() for task in tasks)),
    ]
    scored: list[Task] = []
    for run in open_runs:
        predictions = _predictions(run, (*check, *trainings[run.method.name]))
        score = _score(run, (*trainings[run.method.name], *predictions))
        arrays.append(TaskArray(f"predict-{run.method.name}", Kind.PREDICT, predictions))
        arrays.append(TaskArray(f"score-{run.method.name}", Kind.SCORE, (score,)))
        scored.append(score)
    if launch.goal.labels is not None and (open_runs or not _has_table(launch, runs)):
        arrays.append(TaskArray("table", Kind.TABLE, (_table(launch, runs, scored),)))
    return TaskPlan(launch.folder, tuple(array for array in arrays if array.tasks))


def _sharing(runs: Sequence[PlannedRun]) -> Iterator[PlannedRun]:
    """The runs, each with the one whose prepared cases it takes over."""
    first: dict[str, PlannedRun] = {}
    # Those that are prepared first: what is there is not made again.
    for run in sorted(runs, key=lambda run: not run.is_prepared):
        alike = run.method.preparation(run.launch.budget)
        if alike is not None:
            first.setdefault(alike, run)
    for run in runs:
        alike = run.method.preparation(run.launch.budget)
        prepares = run if alike is None else first[alike]
        yield run if prepares is run else PlannedRun(run.launch, run.method, run.state, prepares.method)


def _check(runs: Sequence[PlannedRun]) -> tuple[Task, ...]:
    """Reads what the runs use, once for all of them; nothing where that was done of the files as they are now."""
    if not runs:
        return ()
    launch = runs[0].launch
    options = ("--fold", launch.selection, "--until", Stage.CHECK)
    # Whichever method: what is read depends on the data set and the track alone.
    task = Task(
        DATA,
        "check" if TEST in launch.goal.parts else "check of the training cases",
        runs[0].command(launch.folder / "check", *options),
        inputs=inputs_digest(launch.goal.parts, [launch.raw]),
    )
    return () if was_done(launch.folder, task) else (task,)


def _prepare(run: PlannedRun, check: Sequence[Task]) -> Task:
    return run.task("prepare", "--fold", run.launch.selection, "--until", Stage.PREPARE, needs=_keys(check))


def _trainings(run: PlannedRun, check: Sequence[Task], preparing: Mapping[str, Task]) -> tuple[Task, ...]:
    prepares = run.method if run.prepared_by is None else run.prepared_by
    # After it and not only if it is done: that of one method must not keep those of the others from being trained.
    after = _keys([preparing[prepares.name]] if prepares.name in preparing else [])
    options = ("--until", Stage.TRAIN, "--device", run.launch.device)
    return tuple(
        run.task(f"train fold {fold}", "--fold", str(fold), *options, needs=_keys(check), after=after)
        for fold in run.launch.goal.folds
        if not run.is_trained(fold)
    )


def _predictions(run: PlannedRun, before: Sequence[Task]) -> tuple[Task, ...]:
    launch = run.launch
    options = ("--fold", launch.selection, "--device", launch.prediction_device)
    return tuple(
        # With the goal's name: another launch may ask for another goal of the same run.
        run.task(
            f"predict {launch.goal.name} {shard}",
            *(*options, "--shard", f"{shard.number}/{shard.of}"),
            needs=_keys(before),
        )
        for shard in launch.shards
        if not run.is_predicted(shard)
    )


def _score(run: PlannedRun, before: Sequence[Task]) -> Task:
    options = ("--fold", run.launch.selection, "--device", "cpu", "--score-only")
    return run.task(f"score {run.launch.goal.name}", *options, needs=_keys(before))


def _table(launch: Launch, runs: Sequence[PlannedRun], scored: Sequence[Task]) -> Task:
    folders = [str(run.outcome.absolute()) for run in runs]
    command = ("merge", *folders, "--out", str(launch.table.absolute()))
    return Task(TABLE, launch.goal.name, command, after=_keys(scored))


def _has_table(launch: Launch, runs: Sequence[PlannedRun]) -> bool:
    """Whether the table is there, of these methods, and younger than all that it is made of."""
    try:
        # The tables are written last.
        made = min((launch.table / name).stat().st_mtime for name in (SCORES_FILE, *TABLE_FILES))
        young = all((run.outcome / RECORD_FILE).stat().st_mtime <= made for run in runs)
        methods = json.loads(read_bytes(launch.table / SCORES_FILE))["methods"]
        return young and list(methods) == [run.method.name for run in runs]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _keys(tasks: Iterable[Task]) -> tuple[str, ...]:
    return tuple(task.key for task in tasks)
