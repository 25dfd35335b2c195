"""What a launch shows before it does anything."""

import re
from dataclasses import replace

import pytest

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.jobs.cluster_settings import ClusterSettings, Request
from mswal_bench.benchmark.jobs.tasks import Kind, TaskPlan
from mswal_bench.benchmark.launch import plan_text as module
from mswal_bench.benchmark.launch.estimate import Estimate, Source
from mswal_bench.benchmark.launch.plan_launch import plan_launch
from mswal_bench.benchmark.launch.plan_text import plan_text

from .planned import launch_of, planned, session

PLAIN, RESENC, INCEPTION = METHODS["nnunet-v2"], METHODS["nnunet-resenc"], METHODS["inception-nnunet"]
ESTIMATES = {
    "nnunet-v2": Estimate((0, 1), 1234.4, Source.PUBLISHED, 3_500_000_000),
    "nnunet-resenc": Estimate((1, 2, 3, 4), 0.04, Source.MEASURED, 2_000_000_000),
    "inception-nnunet": Estimate((0,), None, Source.UNKNOWN, None),
}
KNOWN = {name: estimate for name, estimate in ESTIMATES.items() if name != "inception-nnunet"}


@pytest.fixture
def launch(small_phantom, tmp_path):
    return launch_of(small_phantom, tmp_path, PLAIN, RESENC, INCEPTION)


def shown(launch, settings=None, request=None, estimates=ESTIMATES):
    """Of three runs: one not begun, one prepared with a fold trained, one that takes over the cases of the first."""
    runs = [
        planned(launch, PLAIN),
        planned(launch, RESENC, {0: [session(1, 0, 1000)]}),
        planned(launch, INCEPTION, prepared_by=PLAIN),
    ]
    return plan_text(launch, runs, plan_launch(launch, runs), settings, request or Request(), estimates)


def cells(text, first):
    """Of the row that begins so."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"{first} ")]
    return re.split(r"\s{2,}", line.strip())


def test_a_row_for_each_kind_of_step(launch):
    text = shown(launch)
    # Five cases, two a shard, are three shards of each of three methods.
    tasks = {kind: cells(text, kind)[1:] for kind in Kind}
    assert tasks == {
        "check": ["1", "0"],
        "prepare": ["1", "1"],
        "train": ["14", "1"],
        "predict": ["9", "0"],
        "score": ["3", "0"],
        "table": ["1", "0"],
    }
    assert text.splitlines()[0] == (
        f"3 methods on {launch.goal.dataset.name}, public-cv, budget paper: {1 + 1 + 14 + 9 + 3 + 1} tasks left"
    )
    assert "Memory" not in text, "this machine is asked for nothing"
    assert "check" not in shown(replace(launch, check=False))


def test_what_each_step_asks_of_a_cluster(launch):
    settings = ClusterSettings(partition="a100", at_once=2, tasks={Kind.TRAIN: Request(time=1530)})
    text = shown(launch, settings, Request(memory=20.5))
    assert cells(text, "Step")[3:] == ["At once", "Partition", "Time", "GPUs", "Cores", "Memory"]
    assert cells(text, "train") == ["train", "14", "1", "2", "a100", "25 h 30 min", "1", "8", "20.5 GB"]
    # Two of each method.
    assert cells(text, "predict") == ["predict", "9", "0", "6", "a100", "8 h", "1", "8", "20.5 GB"]
    assert cells(text, "table")[3:] == ["1", "a100", "1 h", "0", "1", "20.5 GB"]
    assert cells(shown(launch, ClusterSettings()), "train")[4] == "default"


def test_what_has_no_column_stands_below(launch):
    settings = ClusterSettings(
        account="us", sbatch={"exclude": "node[1-2]"}, tasks={Kind.TRAIN: Request(sbatch={"mail-type": "FAIL"})}
    )
    lines = shown(launch, settings).splitlines()
    assert "Options of sbatch, train: --account=us --mail-type=FAIL" in lines
    others = "check, prepare, predict, score, table"
    assert f"Options of sbatch, {others}: --account=us --exclude=node[1-2]" in lines
    assert "Tasks are told to stop 10 min before their time limit (stop_ahead)." in lines
    assert not any(line.startswith("note: ") for line in lines)
    assert "Options of sbatch, all tasks: --qos=low" in shown(launch, ClusterSettings(qos="low")).splitlines()
    assert "Options of sbatch" not in shown(launch, ClusterSettings())
    assert "stop_ahead" not in shown(launch), "this machine has no time limit"


def test_a_stop_that_comes_later_than_it_was_asked_for(launch):
    settings = ClusterSettings(stop_ahead=90, tasks={Kind.PREDICT: Request(time=30)})
    note = (
        "note: stop_ahead is at most a quarter of a task's time: check 60 min, predict 7.5 min, score 60 min, table 15"
    )
    assert f"{note} min." in shown(launch, settings)


def test_a_step_without_tasks_asks_for_nothing(launch):
    runs = [planned(launch, PLAIN, {fold: [session(1, 0, 1000)] for fold in range(5)})]
    text = plan_text(launch, runs, plan_launch(launch, runs), ClusterSettings(), Request(), ESTIMATES)
    assert cells(text, "train") == ["train", "0", "5", *["\N{EN DASH}"] * 6]


def test_a_row_for_each_method(launch):
    text = shown(launch)
    assert cells(text, "Method") == ["Method", "Folds left", "Prepared by", "GPU-hours", "Source", "Disk, at most"]
    assert cells(text, "nnunet-v2") == ["nnunet-v2", "0, 1", "itself", "1,234", "published, A100", "3.50GB"]
    assert cells(text, "nnunet-resenc") == ["nnunet-resenc", "1, 2, 3, 4", "done", "< 0.1", "measured", "2.00GB"]
    assert cells(text, "inception-nnunet")[1:] == ["0", "nnunet-v2", "\N{EN DASH}", "not known", "not known"]


def test_what_is_not_known_is_named_and_not_counted(launch):
    text = shown(launch)
    assert "Training: at least 1,234 GPU-hours; not known: inception-nnunet." in text
    assert "Disk: at most 5.50GB more, without what is not known: inception-nnunet." in text
    assert "measured on an A100" in text


def test_what_is_known_is_added_up(launch):
    runs = [planned(launch, PLAIN), planned(launch, RESENC)]
    text = plan_text(launch, runs, plan_launch(launch, runs), None, Request(), KNOWN)
    assert "Training: about 1,234 GPU-hours." in text
    assert "Disk: at most 5.50GB more, and a little for label maps and logs." in text


def test_where_nothing_is_known_no_number_is_given(launch):
    text = shown(launch, estimates=dict.fromkeys(ESTIMATES, ESTIMATES["inception-nnunet"]))
    assert "Training: how many GPU-hours is not known." in text
    assert "Disk: how much will be added is not known." in text
    assert "A100" not in text


def test_without_a_gpu_hours_are_not_of_one(small_phantom, tmp_path):
    text = shown(launch_of(small_phantom, tmp_path, PLAIN, device="cpu"))
    assert "GPU-hours" not in text
    assert "CPU-hours" in text


@pytest.mark.parametrize("settings", [None, ClusterSettings(partition="a-partition-with-a-long-name")])
def test_it_fits_a_narrow_terminal(launch, settings, monkeypatch):
    monkeypatch.setattr(module, "terminal_width", lambda: 60)
    text = shown(launch, settings)
    assert max(map(len, text.splitlines())) <= 60
    assert "Disk" in text


def test_with_nothing_left_it_says_where_the_table_is(launch):
    text = plan_text(launch, [], TaskPlan(launch.folder, ()), ClusterSettings(), Request(), {})
    assert text == f"Nothing is left to do. The table of all methods is in {launch.table}."
