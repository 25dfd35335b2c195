"""Does the steps of a run that take long: prepare, train, predict. Each skips what is done, and is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mswal_bench.baselines.method import Job, Method, Report
from mswal_bench.baselines.stop_request import StoppedError, stop_is_asked
from mswal_bench.baselines.worker_memory import room_for_workers
from mswal_bench.benchmark.core.environment import Environment, describe_environment
from mswal_bench.benchmark.core.errors import Problem
from mswal_bench.benchmark.core.progress import progress_bar

from .device_workers import Task, carry_out, carry_out_on
from .devices import Device
from .resources import Resources, measured
from .run_folder import RunFolder
from .run_progress import forget_progress, kept_progress
from .run_record import RunIdentity, Step, TrainingSession, now
from .tracks import Goal, Shard, Share

_PREDICT = "Predict them first, with --until predict or --shard."


@dataclass(frozen=True)
class Steps:
    """A method at work in a run's folder."""

    method: Method
    job: Job
    folder: RunFolder
    devices: tuple[Device, ...] = ()
    """Where processes of their own train and predict; without any, this process does, on the job's device."""

    def prepare(self, prepared_by: RunIdentity | None = None) -> None:
        """Plans and preprocesses, unless that is done. Other calls on the same folder wait for it.

        `prepared_by` is the run whose prepared cases the job takes over.
        """
        if self.folder.state().prepared is not None:
            return
        with self.folder.in_turn("the preparation"):
            if self.folder.state().prepared is not None:
                return
            started, environment = now(), describe_environment()
            with self._progress("prepare", "1/3 prepare", "step") as report, measured("cpu") as usage:
                self.method.prepare(self.job, report)
            parameters = self.method.parameters(self.job)
            fit = None if self.job.start is None else self.method.fitting_weights(self.job)
            with self.folder.changing() as state:
                state.parameters, state.fit, state.prepared_by = parameters, fit, prepared_by
                state.prepared = Step(started_at=started, environment=state.ran_in(environment), resources=usage)

    def train(self, folds: Sequence[int]) -> None:
        """Trains those of the folds that are not trained to their end. This process must hold them all."""
        epochs = self.method.epochs(self.job.budget)
        done = {fold: self._epochs_done(fold) for fold in folds}
        self._close([fold for fold in folds if done[fold] == epochs], epochs)
        left = [fold for fold in folds if done[fold] < epochs]
        job = sharing_memory(self.job, self.devices, len(left))
        carry_out_for(job, self.devices, [self._training(job, fold, done[fold]) for fold in left])
        self._keep_statistics(folds)

    def is_trained(self, fold: int) -> bool:
        """Whether a fold is trained to its end."""
        return self._epochs_done(fold) == self.method.epochs(self.job.budget)

    def predict(self, goal: Goal, out: Path) -> None:
        """Predicts the goal's cases into the folder `out`, unless that is done."""
        state = self.folder.state()
        shards = list(state.predicted_shards.get(goal.name, {}).values())
        # The files are looked for as well: before the record was written, someone may have deleted one.
        there = _are_there(goal.cases, out)
        if there and goal.name in state.predicted:
            return
        if not there or not shards:
            shards.append(self._predict(goal, dealt(goal.shares, len(self.devices)), out))
        with self.folder.changing() as state:
            state.predicted[goal.name] = _joined(shards)
            state.predicted_shards.pop(goal.name, None)

    def unpredicted(self, goal: Goal, out: Path) -> list[Problem]:
        """What keeps `predict` from being nothing but the gathering of what is there; empty where nothing does."""
        state = self.folder.state()
        missing = [case for case in goal.cases if not (out / f"{case}.nii.gz").exists()]
        if missing:
            found = f"{len(missing)} of {len(goal.cases)} are not there"
            return [Problem("not all cases are predicted", str(out), "a label map of each", found, _PREDICT)]
        if goal.name not in state.predicted and goal.name not in state.predicted_shards:
            return [Problem("it is not known what predicted the cases", str(out), mend=_PREDICT)]
        return []

    def predict_shard(self, goal: Goal, shard: Shard, out: Path) -> None:
        """Predicts a shard of the goal's cases into the folder `out`, unless that is done."""
        shares = goal.shard(shard)
        state = self.folder.state()
        done = goal.name in state.predicted or str(shard) in state.predicted_shards.get(goal.name, {})
        if done and _are_there([case for share in shares for case in share.images], out):
            return
        step = self._predict(goal, dealt(shares, len(self.devices)) if shares else [], out)
        with self.folder.changing() as state:
            state.predicted_shards.setdefault(goal.name, {})[str(shard)] = step

    def _predict(self, goal: Goal, shares: Sequence[Share], out: Path) -> Step:
        started, environments, usages = now(), list[Environment](), list[Resources]()
        job = sharing_memory(self.job, self.devices, len(shares))
        tasks = [self._prediction(job, goal, share, out, environments, usages) for share in shares]
        with measured("cpu") as whole:
            carry_out_for(job, self.devices, tasks)
        with self.folder.changing() as state:
            environment, *others = dict.fromkeys(
                state.ran_in(each) for each in environments or [describe_environment()]
            )
        return Step(
            started_at=started, environment=environment, other_environments=others, resources=_together(whole, usages)
        )

    def _close(self, folds: Sequence[int], epochs: int) -> None:
        """Closes what a call has left open that ended between a training's last checkpoint and its end."""
        if not folds:
            return
        with self.folder.changing() as state:
            for fold in folds:
                sessions = state.training.get(fold)
                if sessions and sessions[-1].to_epoch is None:
                    sessions[-1].to_epoch = epochs
        for fold in folds:
            forget_progress(self.folder.root, _training_of(fold))

    def _keep_statistics(self, folds: Sequence[int]) -> None:
        """Keeps which statistics the batch normalisations of trained folds predict with, where that is not kept yet."""
        known = self.folder.state().statistics_batches
        found = {fold: self.method.statistics_batches(self.job.work, fold) for fold in folds if fold not in known}
        told = {fold: batches for fold, batches in found.items() if batches is not None}
        if told:
            with self.folder.changing() as state:
                state.statistics_batches = dict(sorted({**state.statistics_batches, **told}.items()))

    def _training(self, job: Job, fold: int, from_epoch: int) -> Task:
        def started(device: str, environment: Environment) -> None:
            session = TrainingSession(
                started_at=now(),
                from_epoch=from_epoch,
                of_epochs=self.method.epochs(self.job.budget),
                device=device,
                environment=environment.key,
            )
            with self.folder.changing() as state:
                state.ran_in(environment)
                state.training.setdefault(fold, []).append(session)

        def ended(usage: Resources) -> None:
            to_epoch = self._epochs_done(fold)
            with self.folder.changing() as state:
                session = state.training[fold][-1]
                session.to_epoch, session.resources = to_epoch, usage

        name = _training_of(fold)
        work = partial(self.method.train, job, fold)
        return Task(name, work, lambda: self._progress(name, f"2/3 {name}", "it"), started, ended)

    def _prediction(
        self, job: Job, goal: Goal, share: Share, out: Path, environments: list[Environment], usages: list[Resources]
    ) -> Task:
        name = share.name
        work = partial(stopping_between_cases, partial(self.method.predict, job, share.folds, share.images, out))
        return Task(
            name,
            work,
            lambda: self._progress(name, f"3/3 {name}", "case", goal.name),
            lambda device, environment: environments.append(environment),
            usages.append,
        )

    def _epochs_done(self, fold: int) -> int:
        return self.method.epochs_done(self.job, fold)

    @contextmanager
    def _progress(self, name: str, label: str, unit: str, goal: str | None = None) -> Iterator[Report]:
        """Where the reports of every step pass through, whichever process does the step."""
        with progress_bar(label, unit) as report, kept_progress(self.folder.root, name, report, goal) as kept:
            yield kept


def stopping_between_cases(predict: Callable[[Report], float | None], report: Report) -> float | None:
    """Predicts; where it is asked to stop, raises StoppedError after a case. It does one at least.

    To be called where the prediction is made: it then writes what it has in hand.
    """
    least: int | None = None

    def report_or_stop(done: int, total: int, note: str) -> None:
        nonlocal least
        report(done, total, note)
        least = done if least is None else min(least, done)
        if least < done < total and stop_is_asked():
            raise StoppedError(f"The prediction was asked to stop, and did after {done} of {total} cases.")

    return predict(report_or_stop)


def sharing_memory(job: Job, devices: Sequence[Device], tasks: int) -> Job:
    """The job as each of so many tasks on `devices` gets it: those that are done at the same time share the memory."""
    at_once = min(len(devices), tasks)
    if at_once == 0 or (at_once == 1 and job.memory_bytes is None):
        return job
    return replace(job, memory_bytes=room_for_workers(job.memory_bytes).bytes // at_once)


def carry_out_for(job: Job, devices: Sequence[Device], tasks: Sequence[Task]) -> None:
    """Does the tasks in a process on each of `devices`; without any, in this process, on the job's device."""
    if devices:
        carry_out_on(devices, tasks)
    else:
        carry_out(tasks, job.device)


def dealt(shares: Sequence[Share], hands: int) -> list[Share]:
    """The shares cut into enough parts for every device to have one, where there are fewer shares than devices."""
    parts = -(-hands // len(shares))
    return [part for share in shares for part in share.cut(parts)]


def _training_of(fold: int) -> str:
    return f"train fold {fold}"


def _are_there(cases: Iterable[str], out: Path) -> bool:
    return all((out / f"{case}.nii.gz").exists() for case in cases)


def _joined(steps: Sequence[Step]) -> Step:
    """One step of those that together did its work, in whichever order and on whichever machines: their times add up,
    and of memory the most that one of them held counts."""
    if len(steps) == 1:
        return steps[0]
    first = min(steps, key=lambda step: step.started_at)
    environments = dict.fromkeys(key for step in steps for key in (step.environment, *step.other_environments))
    used = [step.resources for step in steps]
    resources = Resources(
        wall_s=_total(each.wall_s for each in used),
        gpu_hours=_total(each.gpu_hours for each in used),
        peak_gpu_mib=_most(each.peak_gpu_mib for each in used),
        peak_host_mib=_most(each.peak_host_mib for each in used),
        energy_wh=_total(each.energy_wh for each in used),
        device_waited_s=_total(each.device_waited_s for each in used),
    )
    return Step(
        started_at=first.started_at,
        environment=first.environment,
        other_environments=[key for key in environments if key != first.environment],
        resources=resources,
    )


def _total(parts: Iterable[float | None]) -> float | None:
    known = list(parts)
    return None if None in known else sum(part for part in known if part is not None)


def _most(parts: Iterable[float | None]) -> float | None:
    return max((part for part in parts if part is not None), default=None)


def _together(whole: Resources, usages: Sequence[Resources]) -> Resources:
    """What a step used, of which `whole` was measured around all its tasks and `usages` within each, its GPU's too."""
    return whole.model_copy(
        update={
            "gpu_hours": _total(usage.gpu_hours for usage in usages),
            "peak_gpu_mib": _most(usage.peak_gpu_mib for usage in usages),
            "energy_wh": _total(usage.energy_wh for usage in usages),
            "device_waited_s": _total(usage.device_waited_s for usage in usages),
        }
    )
