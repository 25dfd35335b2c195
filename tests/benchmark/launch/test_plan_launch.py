"""What is left to do of a launch, at every state of its runs."""

import os
import shutil
from dataclasses import replace

import pytest

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.jobs.cluster_settings import ClusterSettings, Request
from mswal_bench.benchmark.jobs.slurm_queue import Submitted, submit_to_slurm
from mswal_bench.benchmark.jobs.task_process import TaskProcess
from mswal_bench.benchmark.jobs.tasks import DATA
from mswal_bench.benchmark.launch.plan_launch import _sharing, plan_launch, planned_runs
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE
from mswal_bench.benchmark.runs.tracks import Shard, Track
from mswal_bench.benchmark.scoring.scores_json import SCORES_FILE
from mswal_bench.benchmark.scoring.table_files import TABLE_FILES

from .planned import launch_of, planned, session

PLAIN, RESENC, MEDNEXT = METHODS["nnunet-v2"], METHODS["nnunet-resenc"], METHODS["mednext"]
DONE = [session(1, 0, 1000)]


@pytest.fixture
def launch(small_phantom, tmp_path):
    return launch_of(small_phantom, tmp_path, PLAIN, selection="0,1")


def keys(launch, *runs):
    return [task.key.removeprefix("nnunet-v2: ") for task in plan_launch(launch, runs).tasks]


def tasks_of(launch, *runs):
    return {task.key: task for task in plan_launch(launch, runs).tasks}


def option(task, name):
    return task.command[task.command.index(name) + 1]


def test_of_a_launch_that_is_not_begun_everything_is_left(launch):
    # Two cases are held out by two folds: one shard.
    assert keys(launch, planned(launch, PLAIN)) == [
        *(
            "data: check of the training cases",
            "prepare",
            "train fold 0",
            "train fold 1",
            "predict public-cv-fold-0-1 shard 1 of 1",
            "score public-cv-fold-0-1",
        ),
        "table: public-cv-fold-0-1",
    ]


def test_each_task_waits_for_what_it_uses(launch):
    tasks = tasks_of(launch, planned(launch, PLAIN))
    waits = {task.name: (task.needs, task.after) for task in tasks.values()}
    check, prepare = ("data: check of the training cases",), ("nnunet-v2: prepare",)
    folds = ("nnunet-v2: train fold 0", "nnunet-v2: train fold 1")
    assert waits == {
        "check of the training cases": ((), ()),
        "prepare": (check, ()),
        "train fold 0": (check, prepare),
        "train fold 1": (check, prepare),
        "predict public-cv-fold-0-1 shard 1 of 1": ((*check, *folds), ()),
        "score public-cv-fold-0-1": ((*folds, "nnunet-v2: predict public-cv-fold-0-1 shard 1 of 1"), ()),
        # Of the methods that do not fail there is a table.
        "public-cv-fold-0-1": ((), ("nnunet-v2: score public-cv-fold-0-1",)),
    }
    known: set[str] = set()
    for task in tasks.values():
        assert known.issuperset((*task.needs, *task.after)), "no task comes before one that it waits for"
        known.add(task.key)


def test_the_commands(launch):
    launch = replace(launch, prediction_device="cpu")
    tasks = {task.name: task for task in tasks_of(launch, planned(launch, PLAIN)).values()}
    assert tasks["train fold 1"].command == (
        *("run", "nnunet-v2", "--data", str(launch.raw), "--work", str(launch.root / "nnunet-v2")),
        *("--budget", "paper", "--track", "public-cv", "--seed", "0", "--wait", "300", "--no-check"),
        *("--fold", "1", "--until", "train", "--device", "cuda"),
    )
    check = tasks["check of the training cases"]
    assert "--no-check" not in check.command
    assert (option(check, "--fold"), option(check, "--until")) == ("0,1", "check")
    predict = tasks["predict public-cv-fold-0-1 shard 1 of 1"]
    assert (option(predict, "--shard"), option(predict, "--device")) == ("1/1", "cpu")
    score = tasks["score public-cv-fold-0-1"]
    assert option(score, "--device") == "cpu"
    # Nothing is trained or predicted where it was not asked to be.
    assert "--score-only" in score.command
    assert tasks["public-cv-fold-0-1"].command == (
        *("merge", str(launch.root / "nnunet-v2" / "public-cv-fold-0-1"), "--out"),
        str(launch.root / "table-public-cv-fold-0-1"),
    )


def test_a_variant_is_run_as_one(small_phantom, tmp_path):
    variant = METHODS["inception-nnunet"].variants()["II"]
    launch = launch_of(small_phantom, tmp_path, variant, selection="0", check=False)
    task = next(iter(tasks_of(launch, planned(launch, variant)).values()))
    assert task.command[:4] == ("run", "inception-nnunet", "--variant", "II")
    assert option(task, "--work") == str(tmp_path / "inception-nnunet-II")


def test_the_data_set_is_read_anew_only_where_it_changed(small_phantom, tmp_path):
    raw = tmp_path / "raw"
    shutil.copytree(small_phantom, raw)
    launch = launch_of(raw, tmp_path, PLAIN, MEDNEXT, selection="0")
    # Also for a method that was prepared before, for whichever track that was.
    (check,) = (task for task in plan_launch(launch, [planned(launch, PLAIN, {})]).tasks if task.of == DATA)
    TaskProcess(launch.folder, replace(check, command=("--version",)), "local", {}).conclude()
    assert DATA not in {task.of for task in plan_launch(launch, planned_runs(launch)).tasks}
    official = launch_of(raw, tmp_path, PLAIN, selection="0", track=Track.OFFICIAL_TEST)
    assert "data: check" in keys(official, planned(official, PLAIN, {})), "of the test images nothing was read"
    image = next((raw / "imagesTr").iterdir())
    image.write_bytes(image.read_bytes() + b"0")
    assert check.key in keys(launch, planned(launch, PLAIN, {}))


def test_a_fold_whose_network_is_gone_is_trained_again(launch):
    run = planned(launch, PLAIN, {0: DONE, 1: DONE})
    del run.__dict__["_networks"]
    assert {"train fold 0", "train fold 1"} <= set(keys(launch, run))


def test_prepared_and_partly_trained(launch):
    launch = replace(launch, check=False)
    assert keys(launch, planned(launch, PLAIN, {}))[0] == "train fold 0"
    stopped = {0: DONE, 1: [session(1, 0, 400)]}
    assert keys(launch, planned(launch, PLAIN, stopped))[:2] == [
        "train fold 1",
        "predict public-cv-fold-0-1 shard 1 of 1",
    ]


def predict(launch, shards, *, of):
    """A trained run of which these shards are predicted."""
    run = planned(launch, PLAIN, {0: DONE, 1: DONE})
    step = run.state.prepared
    run.state.predicted_shards[launch.goal.name] = {f"shard {number} of {of}": step for number in shards}
    out = run.work / launch.goal.predictions / PLAIN.name
    out.mkdir(parents=True)
    for case in launch.goal.cases:
        (out / f"{case}.nii.gz").touch()
    return run, out


def test_shards_that_are_predicted_are_left_out(small_phantom, tmp_path):
    launch = launch_of(small_phantom, tmp_path, PLAIN, selection="0,1", cases_a_shard=1, check=False)
    run, out = predict(launch, [2], of=2)
    assert keys(launch, run)[:2] == ["predict public-cv-fold-0-1 shard 1 of 2", "score public-cv-fold-0-1"]
    run.state.predicted[launch.goal.name] = run.state.prepared
    assert keys(launch, run)[0] == "score public-cv-fold-0-1"
    # Someone deleted a label map.
    lost = launch.goal.cases[0]
    (out / f"{lost}.nii.gz").unlink()
    (number,) = [number for number in (1, 2) for share in launch.goal.shard(Shard(number, 2)) if lost in share.images]
    assert keys(launch, run)[:2] == [f"predict public-cv-fold-0-1 shard {number} of 2", "score public-cv-fold-0-1"]


def finished(launch, method):
    run = planned(launch, method, {})
    run.__dict__["is_finished"] = True
    run.outcome.mkdir(parents=True)
    (run.outcome / RECORD_FILE).touch()
    return run


def test_all_but_the_table_and_all(launch):
    run = finished(launch, PLAIN)
    assert keys(launch, run) == ["table: public-cv-fold-0-1"]
    launch.table.mkdir()
    (launch.table / SCORES_FILE).write_text('{"methods": {"nnunet-v2": {}}}')
    assert keys(launch, run) == ["table: public-cv-fold-0-1"], "the tables were not written"
    for name in TABLE_FILES:
        (launch.table / name).touch()
    assert keys(launch, run) == []
    # A method was scored after the table was made.
    os.utime(launch.table / "table.tex", (0, 0))
    assert keys(launch, run) == ["table: public-cv-fold-0-1"]


@pytest.mark.parametrize("methods", ["{}", '{"mednext": {}}', '{"mednext": {}, "nnunet-v2": {}}'])
def test_a_table_of_other_methods_is_not_that_of_these(launch, methods):
    run = finished(launch, PLAIN)
    launch.table.mkdir()
    (launch.table / SCORES_FILE).write_text(f'{{"methods": {methods}}}')
    for name in TABLE_FILES:
        (launch.table / name).touch()
    assert keys(launch, run) == ["table: public-cv-fold-0-1"]


def test_the_table_is_of_all_methods_also_of_those_that_were_done_before(small_phantom, tmp_path):
    launch = launch_of(small_phantom, tmp_path, PLAIN, MEDNEXT, selection="0")
    tasks = tasks_of(launch, finished(launch, PLAIN), planned(launch, MEDNEXT))
    table = tasks["table: public-cv-fold-0"]
    assert (len(table.command), table.after) == (5, ("mednext: score public-cv-fold-0",))
    assert [key for key in tasks if key.endswith("check of the training cases")] == [
        "data: check of the training cases"
    ]


def test_without_labels_there_is_no_table(small_phantom, tmp_path):
    launch = launch_of(small_phantom, tmp_path, PLAIN, selection="0", track=Track.OFFICIAL_TEST)
    assert keys(launch, planned(launch, PLAIN))[-1] == "table: fold-0"
    object.__setattr__(launch.goal, "dataset", replace(launch.goal.dataset, root=tmp_path))
    assert keys(launch, planned(launch, PLAIN))[-1] == "score fold-0"


def test_methods_that_prepare_alike_prepare_once_and_check_once(small_phantom, tmp_path):
    methods = (METHODS["inception-nnunet"], PLAIN, MEDNEXT, RESENC)
    launch = launch_of(small_phantom, tmp_path, *methods, selection="0")
    runs = planned_runs(launch)
    alike = {method.name: method.preparation(launch.budget) for method in methods}
    first = {text: name for name, text in reversed(alike.items()) if text is not None}
    assert len(first) < len(methods), "some of them prepare alike"
    tasks = tasks_of(launch, *runs)
    preparing = {key for key, task in tasks.items() if task.name == "prepare"}
    assert preparing == {f"{name}: prepare" for name, text in alike.items() if text is None or first[text] == name}
    assert [key for key, task in tasks.items() if task.name == "check of the training cases"] == [
        "data: check of the training cases"
    ]
    for name, text in alike.items():
        by = name if text is None else first[text]
        training = tasks[f"{name}: train fold 0"]
        assert training.after == (f"{by}: prepare",)
        assert ("--prepared-by" in training.command) == (by != name)
        if by != name:
            assert option(training, "--prepared-by") == str(tmp_path / by)


def test_what_is_prepared_is_taken_over_from_where_it_is(small_phantom, tmp_path):
    launch = launch_of(small_phantom, tmp_path, METHODS["inception-nnunet"], PLAIN, selection="0")
    inception, plain = _sharing([planned(launch, METHODS["inception-nnunet"]), planned(launch, PLAIN, {})])
    assert (inception.prepared_by, plain.prepared_by) == (PLAIN, None)
    assert "prepare" not in {task.name for task in plan_launch(launch, [inception, plain]).tasks}


def test_runs_that_cannot_go_on_are_told_all_at_once(small_phantom, tmp_path):
    launch = launch_of(small_phantom, tmp_path, PLAIN, MEDNEXT)
    for name in ("nnunet-v2", "mednext"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text("{")
    with pytest.raises(BenchError) as error:
        planned_runs(launch)
    assert len(error.value.problems) == 2


def test_seven_methods_five_folds_and_210_cases_take_few_calls(small_phantom, tmp_path, fake_slurm):
    launch = launch_of(
        small_phantom, tmp_path, *METHODS.values(), selection="all", track=Track.OFFICIAL_TEST, cases_a_shard=10
    )
    case = next(iter(launch.goal.dataset.test.values()))
    test = {f"MSWAL_{number:04}": replace(case, id=f"MSWAL_{number:04}") for number in range(485, 695)}
    object.__setattr__(launch.goal, "dataset", replace(launch.goal.dataset, test=test))
    runs = planned_runs(launch)
    plan = plan_launch(launch, runs)
    submitted = submit_to_slurm(plan, ClusterSettings(), Request())
    prepared = sum(run.prepares for run in runs)
    assert submitted == Submitted(1 + prepared + 35 + 7 * 21 + 7 + 1, 18, 0)
    assert len(fake_slurm.calls) == 20, "and 40 are allowed"
    assert fake_slurm.option("3", "array") == "0-34%10"
