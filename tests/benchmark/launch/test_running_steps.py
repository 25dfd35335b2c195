"""How far a task is that is being done here, as its run keeps it."""

from mswal_bench.benchmark.jobs.tasks import Task
from mswal_bench.benchmark.launch.running_steps import RunningSteps
from mswal_bench.benchmark.runs.run_progress import kept_progress


def nothing(done, total, note):
    """A `Report` that tells nobody."""


def task(name, of="m"):
    return Task(of, name, ("run",))


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


def test_a_task_of_which_nothing_is_known_is_named(tmp_path):
    steps = RunningSteps(tmp_path)
    assert steps(task("prepare")) == "m: prepare"
    with kept_progress(tmp_path / "m", "prepare", nothing):
        assert steps(task("prepare")) == "m: prepare", "it has not told yet"


def keep(root, step, done, total):
    """As of a step that is being done, with what it told last."""
    try:
        with kept_progress(root, step, nothing) as report:
            report(done, total, "")
            raise KeyError(step)
    except KeyError:
        pass


def test_what_is_left_follows_from_what_was_done_since_it_was_first_seen(tmp_path):
    clock = Clock()
    steps, training = RunningSteps(tmp_path, clock), task("train fold 0")
    keep(tmp_path / "m", "train fold 0", 100, 900)
    assert steps(training) == "m: train fold 0 100/900"
    keep(tmp_path / "m", "train fold 0", 300, 900)
    clock.now_s += 50
    # 200 in 50 s: the 600 that are left take 150 s. What a resumed training had done before does not count.
    assert steps(training) == "m: train fold 0 300/900, 02:30 left"
    keep(tmp_path / "m", "train fold 0", 900, 900)
    assert steps(training) == "m: train fold 0 900/900"


def test_a_task_is_told_of_its_own_step_alone(tmp_path):
    steps = RunningSteps(tmp_path)
    keep(tmp_path / "m", "train fold 1", 5, 9)
    keep(tmp_path / "m", "predict shard 1 of 2", 1, 4)
    keep(tmp_path / "m", "predict shard 2 of 2", 3, 4)
    keep(tmp_path / "n", "predict", 2, 8)
    assert steps(task("train fold 0")) == "m: train fold 0"
    assert steps(task("train fold 1")) == "m: train fold 1 5/9"
    assert steps(task("predict fold-0 shard 1 of 2")) == "m: predict fold-0 shard 1 of 2 1/4"
    assert steps(task("predict fold-0 shard 2 of 2")) == "m: predict fold-0 shard 2 of 2 3/4"
    assert steps(task("predict fold-0", "n")) == "n: predict fold-0 2/8"
    assert steps(task("score fold-0")) == "m: score fold-0"
