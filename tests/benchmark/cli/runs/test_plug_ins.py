"""What the commands say of methods that other packages offer, with one that works and several that do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.cli.main import main
from mswal_bench.tests.baselines.installed_plug_ins import HEAD, imported_from, install


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    install(tmp_path, "plug", f"{HEAD}METHOD = Plug('plug')")
    install(tmp_path, "broken", "raise ImportError('two\\nlines \\x1b[31mred')", version="0.3")
    install(tmp_path, "badname", HEAD, points="Bad Name = badname:METHOD")
    install(tmp_path, "wrong", f"{HEAD}METHOD = Plug('wrong', title='', card=None)")
    with imported_from(tmp_path):
        yield tmp_path


def call(*arguments: object, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == exit_code, result.output
    return result


def test_all_that_work_are_listed_and_the_others_are_named(site):
    result = call("methods")
    for name in (*METHODS, "plug"):
        assert f"\n{name} " in result.stdout
    assert "from the package plug 1.0" in result.stdout
    assert not any(word in result.stdout for word in ("broken", "Bad Name", "wrong"))
    red, bad, *wrong = sorted(result.stderr.splitlines(), key=lambda line: ("broken" not in line, "Bad" not in line))
    assert red.startswith(
        "warning: broken 0.3, entry point broken = broken:METHOD: this method cannot be used: importing broken:METHOD "
        "raises ImportError (two lines "
    )
    assert "\x1b" not in red
    assert red.endswith(" -m pip uninstall broken")
    assert "'Bad Name' is no name for a method" in bad
    assert [line.count("uninstall") for line in wrong] == [0, 1]


def test_json_has_the_package_and_nothing_else_on_the_output(site):
    everything = json.loads(call("methods", "--json").stdout)
    assert [(each["name"], each["package"], each["package_version"]) for each in everything] == [
        *((name, None, None) for name in METHODS),
        ("plug", "plug", "1.0"),
    ]


def test_names_are_listed_without_loading_anything(site):
    result = call("methods", "--names")
    assert result.stdout.split() == [*METHODS, "broken", "plug", "wrong"]
    assert "Bad Name" in result.stderr
    assert "lines" not in result.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("broken", "importing broken:METHOD raises ImportError (two lines"),
        ("Bad Name", "'Bad Name' is no name for a method"),
        ("wrong", "its title is missing"),
    ],
)
@pytest.mark.parametrize(
    "command", [("methods",), ("run", "--data", "x", "--work", "y"), ("transfer", "--data", "x", "--work", "y")]
)
def test_the_one_that_is_asked_for_is_refused_with_the_reason(site, command, name, said):
    more = ("--pretrain", "z") if command[0] == "transfer" else ()
    error = call(command[0], name, *command[1:], *more, exit_code=1).stderr
    assert said in error
    assert "Traceback" not in error
    assert error.count("-m pip uninstall") == 1


def test_others_go_on(site, tmp_path):
    assert "no such folder" in call("run", "nnunet-v2", "--data", tmp_path / "x", "--work", "y", exit_code=1).stderr
    assert call("methods", "plug").stdout.startswith("Plug (plug)\n")
    assert "Did you mean plug?" in call("methods", "plugs", exit_code=2).stderr


def test_help_asks_for_no_plug_in(site, monkeypatch):
    def asked(*arguments: object, **options: object) -> None:
        raise AssertionError("the installed packages were looked through")

    monkeypatch.setattr("importlib.metadata.distributions", asked)
    for command in ((), ("run",), ("transfer",), ("methods",)):
        assert "Usage:" in call(*command, "--help").stdout
