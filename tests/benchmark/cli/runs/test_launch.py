"""`mswal-bench launch`: what it is told, what it shows, and a whole launch on this machine."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.cli.runs import launch as command
from mswal_bench.benchmark.jobs.local_queue import WorkedOff
from mswal_bench.tests.baselines.installed_plug_ins import imported_from, install
from mswal_bench.tests.benchmark.fake_slurm import row


def call(*arguments: object, exit_code: int = 0, **environment: str) -> tuple[str, str]:
    result = CliRunner(env=environment).invoke(main, ["launch", *(str(argument) for argument in arguments)])
    assert result.exit_code == exit_code, (result.output, result.exc_info)
    return result.stdout, result.stderr


@pytest.fixture
def asked(small_phantom, tmp_path):
    """A launch of one fold of one method."""
    return ("nnunet-v2", "--data", small_phantom, "--work", tmp_path / "runs", "--fold", "0", "--budget", "smoke")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--on", "slurm"), "METHOD and --data are needed."),
        (("mednext", "--on", "slurm"), "METHOD and --data are needed."),
        (("mednext", "--data", "x"), "Missing option '--on'"),
        (("mednext", "--data", "x", "--on", "slurm", "--devices", "0"), "--devices is of --on local"),
        (("mednext", "--on", "slurm", "--cancel"), "--cancel is of all that is queued for WORK"),
        (("--on", "local", "--cancel"), "--cancel is of --on slurm"),
        (("--on", "slurm", "--cancel", "--dry-run"), "--dry-run is of a launch"),
        (
            ("mednext", "--data", "x", "--on", "local", "--gpus", "0"),
            "Only --on slurm takes --gpus. Of this machine use",
        ),
        (("mednext", "--data", "x", "--on", "local", "--gpus", "0"), "use --devices, as in --devices cpu."),
        (
            ("mednext", "--data", "x", "--on", "local", "--cpus", "1", "--setup", "a"),
            "Only --on slurm takes --cpus, --setup. Leave that",
        ),
        (("mednext", "--data", "x", "--on", "slurm", "--time", "soon"), "'soon' is not a time as sbatch takes it"),
        (("mednext", "--data", "x", "--on", "slurm", "--time", "0"), "time is 0, expected 1 or more."),
        (("mednext", "--data", "x", "--on", "slurm", "--qos", "a b"), "qos is 'a b', not a name without spaces."),
        (("mednext", "--data", "x", "--on", "slurm", "--fold", "7"), "'7' is not one of 0, 1, 2, 3, 4, all"),
        (("mednext", "--data", "x", "--on", "slurm", "--gpus", "2"), "2 is not in the range 0<=x<=1"),
    ],
)
def test_wrong_calls(tmp_path, arguments, sentence):
    _, errors = call(*arguments, "--work", tmp_path / "runs", exit_code=2)
    assert sentence in " ".join(errors.split())
    assert not (tmp_path / "runs").exists()


def test_methods_and_data_that_are_not_there(small_phantom, tmp_path):
    work = ("--work", tmp_path / "runs", "--on", "slurm")
    assert "nnunet-v9" in call("nnunet-v9", "--data", small_phantom, *work, exit_code=1)[1]
    assert str(tmp_path / "absent") in call("mednext", "--data", tmp_path / "absent", *work, exit_code=1)[1]
    assert "cannot be read" in call("mednext", "--data", "x", "--cluster", "absent.yaml", *work, exit_code=1)[1]
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("where", ["slurm", "local"])
def test_a_dry_run_shows_and_does_nothing(asked, tmp_path, fake_slurm, where):
    text, _ = call(*asked, "--on", where, "--dry-run")
    assert text.startswith("1 method")
    assert fake_slurm.calls == []
    assert not (tmp_path / "runs").exists()


def test_queued_once(asked, tmp_path, fake_slurm):
    text, errors = call(*asked, "--on", "slurm")
    assert text.splitlines()[-1] == "queued: 6 tasks in 6 arrays"
    assert f"`mswal-bench runs {tmp_path / 'runs'}` shows how far they are" in errors
    assert not (tmp_path / "runs" / "nnunet-v2").exists()
    arrays = json.loads((tmp_path / "runs" / "launch" / "queue.json").read_text())["arrays"]
    assert [array["job"] for array in arrays] == ["1", "2", "3", "4", "5", "6"]
    first, *others = (array["name"] for array in arrays)
    pending = [row(str(job), "PENDING", "Dependency", name=name) for job, name in enumerate(others, 2)]
    fake_slurm.knows(row("1", "RUNNING", name=first), *pending)
    again, _ = call(*asked, "--on", "slurm")
    assert again.splitlines()[-1] == "queued: 0 tasks in 0 arrays; 6 were queued before"
    assert call("--work", tmp_path / "runs", "--on", "slurm", "--cancel")[0] == "taken out of the queue: 6 tasks\n"
    assert fake_slurm.calls[-1] == "scancel 1 2 3 4 5 6"


def test_cancel_where_nothing_was_launched(tmp_path, fake_slurm):
    assert call("--work", tmp_path / "typo", "--on", "slurm", "--cancel")[0] == "taken out of the queue: 0 tasks\n"
    assert not (tmp_path / "typo").exists()


def test_options_go_before_the_environment_and_that_before_the_file(asked, tmp_path, fake_slurm):
    settings = tmp_path / "cluster.yaml"
    settings.write_text("partition: file\naccount: file\nqos: file\ntasks: {train: {time: 2-00}}")
    environment = {
        "MSWAL_BENCH_CLUSTER": str(settings),
        "MSWAL_BENCH_PARTITION": "environment",
        "MSWAL_BENCH_ACCOUNT": "environment",
        "MSWAL_BENCH_CONSTRAINT": "",
        "MSWAL_BENCH_AT_ONCE": "3",
    }
    more = ("--partition", "option", "--memory-a-task", "20", "--setup", "module load a b", "--setup", "date")
    call(*asked, "--on", "slurm", *more, **environment)
    train = fake_slurm.scripts["3"]
    names = ("partition", "account", "qos", "constraint", "time", "mem")
    assert [fake_slurm.option("3", name) for name in names] == [
        *("option", "environment", "file", None, "2880", "20000M")
    ]
    assert "\nmodule load a b\ndate\n" in train


def test_memory_and_lines_of_shell_of_the_environment(asked, fake_slurm):
    environment = {"MSWAL_BENCH_SETUP": "\nmodule load a b\ndate\n", "MSWAL_BENCH_MEMORY_A_TASK": "1.5"}
    call(*asked, "--on", "slurm", **environment)
    assert fake_slurm.option("3", "mem") == "1500M"
    assert "\nmodule load a b\ndate\n" in fake_slurm.scripts["3"]
    help_text = call("--help")[0]
    assert all(name in help_text for name in environment)


def test_on_this_machine_the_environment_may_say_what_it_will_of_a_cluster(asked, tmp_path):
    environment = {"MSWAL_BENCH_PARTITION": "a b", "MSWAL_BENCH_CLUSTER": str(tmp_path / "absent.yaml")}
    assert call(*asked, "--on", "local", "--devices", "cpu", "--dry-run", **environment)[0].startswith("1 method")


@pytest.mark.parametrize(("gpus", "hours"), [("1", "GPU-hours"), ("0", "CPU-hours")])
def test_gpus_say_what_trains(asked, fake_slurm, gpus, hours):
    text, _ = call(*asked, "--on", "slurm", "--gpus", gpus)
    assert hours in text
    # Of the check, the preparation, the training, the prediction, the score and the table.
    given = [fake_slurm.option(job, "gpus-per-node") for job in fake_slurm.scripts]
    one = "1" if gpus == "1" else None
    assert given == [None, None, one, one, None, None]


def test_without_slurm(asked, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    _, errors = call(*asked, "--on", "slurm", exit_code=1)
    assert "SLURM's commands are not on this machine" in errors
    assert "--on local" in errors


def test_of_a_table_that_was_not_made_none_is_shown(asked, tmp_path, monkeypatch):
    table = tmp_path / "runs" / "table-fold-0" / "table.txt"
    table.parent.mkdir(parents=True)
    table.write_text("a table\n")
    failed = WorkedOff(failed={"table: fold-0": "The disk is full."})
    monkeypatch.setattr(command, "work_off", lambda plan, slots, how_far: failed)
    text, errors = call(*asked, "--on", "local", "--devices", "cpu", exit_code=1)
    assert "a table" not in text, "it is of an earlier launch"
    assert errors == "error: table: fold-0: failed: The disk is full.\n"
    monkeypatch.setattr(command, "work_off", lambda plan, slots, how_far: WorkedOff(done=list(plan.tasks)))
    assert "a table" in call(*asked, "--on", "local", "--devices", "cpu")[0].splitlines()


QUICK = """
from mswal_bench.baselines.fidelity import FidelityCard
from mswal_bench.baselines.method import MethodError
from mswal_bench.tests.benchmark.runs.quick_method import QuickMethod

class Plug(QuickMethod):
    card = FidelityCard("a plug", (), (), (), (), 7, "all of it")
    def __init__(self, name):
        self.name = name
    def variants(self):
        return {{}}
    def train(self, job, fold, report):
        if self.name == "broken" and not (job.work / "mended").exists():
            raise MethodError("It is broken.")
        super().train(job, fold, report)

METHOD = Plug("{name}")
"""


@pytest.fixture
def plug_ins(tmp_path, monkeypatch):
    """Two methods of which one cannot be trained, for this process and those it starts."""
    site = tmp_path / "site"
    for name in ("sound", "broken"):
        install(site, name, QUICK.format(name=name))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])]))
    with imported_from(site):
        yield


def test_a_launch_on_this_machine(small_phantom, tmp_path, plug_ins):
    root = tmp_path / "runs"
    asked = ("sound", "broken", "--data", small_phantom, "--work", root, "--on", "local", "--fold", "0", "--no-check")
    # What is done already is not done again.
    alone = ("run", "sound", "--data", small_phantom, "--work", root / "sound", "--fold", "0", "--no-check")
    done = CliRunner().invoke(main, [*map(str, alone), "--device", "cpu"])
    assert done.exit_code == 0, done.output
    before = (root / "sound" / "fold-0" / "record.json").read_bytes()

    text, errors = call(*asked, "--devices", "cpu,cpu", exit_code=1)
    assert "error: broken: train fold 0: failed: " in errors
    assert "It is broken." in errors
    assert "error: broken: score fold-0: not begun, for it needs 'broken: train fold 0'" in errors
    table = root / "table-fold-0" / "table.txt"
    assert "sound" in table.read_text(), "a method costs none but itself"
    assert "scored: broken/fold-0." in table.read_text(), "it says what is missing"

    (root / "broken" / "mended").touch()
    text, _ = call(*asked)
    assert "4 tasks left" in text.splitlines()[0], "the fold, the shard, the score and the table"
    assert table.read_text().rstrip() in text
    assert "sound" in text
    assert "broken" in text
    assert "scored: broken" not in text
    assert (root / "sound" / "fold-0" / "record.json").read_bytes() == before

    text, _ = call(*asked)
    assert text == f"Nothing is left to do. The table of all methods is in {root / 'table-fold-0'}.\n"
    assert set(METHODS) & {path.name for path in Path(root).iterdir()} == set()
