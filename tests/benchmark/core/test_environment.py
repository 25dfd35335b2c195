import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

from mswal_bench.benchmark.core import environment
from mswal_bench.benchmark.core.environment import describe_environment


def test_names_every_installed_distribution_once():
    packages = describe_environment().packages
    assert packages["mswal-bench"] == metadata.version("mswal-bench")
    assert packages["pydantic"] == metadata.version("pydantic")
    assert packages["pluggy"] == metadata.version("pluggy"), "what only others need counts as well"
    assert list(packages) == sorted(packages, key=str.lower)


def test_private_copies_and_broken_installations_are_left_out(tmp_path, monkeypatch):
    for folder, content in {
        "_vendor/inside-1.0.dist-info": "Name: inside\nVersion: 1.0\n",
        "broken-1.0.dist-info": "Summary: neither name nor version\n",
        "whole-2.0.dist-info": "Name: whole\nVersion: 2.0\n\nName: what its description says\n",
    }.items():
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "METADATA").write_text(f"Metadata-Version: 2.1\n{content}")
    (tmp_path / "old-3.0.egg-info").mkdir()
    (tmp_path / "old-3.0.egg-info" / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: old\nVersion: 3.0\n")
    (tmp_path / "older-4.0.egg-info").write_text("Metadata-Version: 1.0\nName: older\nVersion: 4.0\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "_vendor")])
    assert describe_environment().packages == {"old": "3.0", "older": "4.0", "whole": "2.0"}


def test_the_key_stands_for_all_of_it():
    here = describe_environment()
    assert here.key == describe_environment().key
    assert here.key != here.model_copy(update={"git_dirty": not here.git_dirty}).key


def test_commit_and_dirty_flag_are_those_of_the_checkout(tmp_path):
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert environment.git_state(tmp_path) == (None, None)
    git("init")
    git("commit", "--allow-empty", "-m", "first")
    assert environment.git_state(tmp_path) == (git("rev-parse", "HEAD"), False)
    (tmp_path / "new").touch()
    assert environment.git_state(tmp_path) == (git("rev-parse", "HEAD"), True)


@pytest.fixture
def gpu(monkeypatch) -> None:
    """There is no GPU: torch's answers are made up."""
    torch = SimpleNamespace(
        cuda=SimpleNamespace(get_device_name=lambda index: f"GPU {index}"), version=SimpleNamespace(cuda="12.6")
    )
    monkeypatch.setitem(sys.modules, "torch", torch)


def test_a_gpu_is_named_with_its_driver(gpu, monkeypatch):
    driver = SimpleNamespace(
        nvmlInit=lambda: None, nvmlShutdown=lambda: None, nvmlSystemGetDriverVersion=lambda: "550.54"
    )
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    found = describe_environment("cuda")
    assert (found.gpu, found.gpu_driver, found.cuda) == ("GPU 0", "550.54", "12.6")


def test_a_driver_that_does_not_tell_is_no_error(gpu, monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert describe_environment("cuda").gpu_driver is None


def test_a_cpu_has_none_of_it():
    found = describe_environment()
    assert (found.gpu, found.gpu_driver, found.cuda) == (None, None, None)
