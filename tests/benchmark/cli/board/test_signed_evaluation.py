"""An organiser makes a key once and evaluates with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.records.record_store import read_results
from mswal_bench.tests.benchmark.signed_records import OTHER_KEY, key_file

SAMPLE = Path(__file__).parents[2] / "version_0_1_0"


def _call(*arguments: object, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=env)


def _evaluate(
    results: Path, *options: object, submission: str = "careful", env: dict[str, str] | None = None
) -> Result:
    folders = ("--reference", SAMPLE / "labels", "--results", results, "--allow-missing", "--jobs", 1)
    return _call("evaluate", SAMPLE / submission, *folders, "--resamples", 20, *options, env=env)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    made = _call("results", "keygen", tmp_path / "organiser")
    assert made.exit_code == 0, made.output
    assert "fingerprint: sha256:" in made.stdout
    return tmp_path / "organiser"


def test_a_key_once_and_then_signed_records(key: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    assert _evaluate(results, "--verified", "--key", key).exit_code == 0
    assert _evaluate(results, "--verified", submission="bold", env={"MSWAL_BENCH_KEY": str(key)}).exit_code == 0
    read = read_results(results)
    assert [record.status for record in read.records] == ["verified", "verified"]
    assert (results / "organiser.pub").read_bytes() == (tmp_path / "organiser.pub").read_bytes()
    assert b"PRIVATE" not in b"".join(path.read_bytes() for path in results.rglob("*") if path.is_file())
    assert not [path for path in results.rglob(".*") if path.is_file()]
    assert _call("results", "list", results, "--organiser", tmp_path / "organiser.pub").stderr == ""


def test_wrong_calls(key: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    without = _evaluate(results, "--verified")
    assert (without.exit_code, "--verified needs the organiser's private key" in without.stderr) == (2, True)
    claimed = _evaluate(results, "--key", key)
    assert (claimed.exit_code, "a claim is not signed" in claimed.stderr) == (2, True)
    unsigned = _call("tables", "2", "--organiser", tmp_path / "organiser.pub")
    assert (unsigned.exit_code, "--organiser is of --results" in unsigned.stderr) == (2, True)
    assert not results.exists()
    # Of the environment the key does no harm.
    assert _evaluate(results, env={"MSWAL_BENCH_KEY": str(key)}).exit_code == 0
    assert [record.status for record in read_results(results).records] == ["claimed"]


def test_keys_in_wrong_places_and_of_others(key: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    inside = _evaluate(results, "--verified", "--key", key_file(results))
    assert (inside.exit_code, "the private key lies in the results folder" in inside.stderr) == (1, True)
    (results / "organiser").unlink()
    assert _evaluate(results, "--verified", "--key", key).exit_code == 0
    other = _evaluate(results, "--verified", "--key", key_file(tmp_path, OTHER_KEY), submission="bold")
    assert (other.exit_code, "is not the key of the organiser that was given" in other.stderr) == (1, True)
    assert len(read_results(results).records) == 1
    for place in (results / "key", results / "records" / "key"):
        refused = _call("results", "keygen", place)
        assert (refused.exit_code, "would lie in the results folder" in refused.stderr) == (1, True)
    assert _call("leaderboard", "build", results, "-o", tmp_path / "site", "--resamples", 100).exit_code == 0
    refused = _call("results", "keygen", tmp_path / "site" / "key")
    assert (refused.exit_code, "would lie in the site" in refused.stderr) == (1, True)
    assert (tmp_path / "site" / "organiser.pub").read_bytes() == (results / "organiser.pub").read_bytes()
    signed = next((results / "records").rglob("record.json"))
    for name in ("record.json", "record.json.sig"):
        offered = tmp_path / "site" / "records" / signed.parent.name / name
        assert offered.read_bytes() == signed.with_name(name).read_bytes()
