"""`mswal-bench runs`; what it lists is tested beside it."""

import json
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.runs.run_folder import RunFolder
from mswal_bench.benchmark.runs.run_record import RunIdentity


def begin(root: Path) -> None:
    digests = {"split_digest": "s", "files_digest": "f", "settings_digest": "t"}
    RunFolder(root).open(RunIdentity(method="mednext", budget="smoke", seed=7, dataset="Toy", **digests))


def call(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["runs", *(str(argument) for argument in arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_a_table(tmp_path):
    begin(tmp_path / "one")
    code, text, errors = call(tmp_path)
    assert (code, errors) == (0, "")
    assert text.splitlines()[2].split()[:6] == ["one", "mednext", "Toy", "smoke", "7", "stopped"]


def test_the_current_folder_where_none_is_given(tmp_path, monkeypatch):
    begin(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert call()[1].splitlines()[2].split()[:2] == [".", "mednext"]


def test_json(tmp_path):
    begin(tmp_path / "one")
    _, text, _ = call(tmp_path, "--json")
    (found,) = json.loads(text)
    assert (found["folder"], found["condition"], found["seed"]) == (str(tmp_path / "one"), "stopped", 7)


def test_no_run(tmp_path):
    assert call(tmp_path) == (0, "", f"no run in {tmp_path}\n")
    assert call(tmp_path, "--json") == (0, "[]\n", "")


def test_no_such_folder(tmp_path):
    code, text, errors = call(tmp_path / "absent")
    assert (code, text) == (1, "")
    assert errors == f"error: {tmp_path / 'absent'}: there is no such folder.\n"


def test_needs_no_heavy_package(tmp_path):
    begin(tmp_path)
    code = "import sys; from mswal_bench.benchmark.cli.main import main\ntry: main()\nfinally: print(*sys.modules)"
    command = [sys.executable, "-c", code, "runs", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "mednext" in done.stdout
    assert not set(done.stdout.split()) & {"torch", "nnunetv2", "monai", "SimpleITK", "scipy", "psutil", "matplotlib"}
