"""What version 0.1.0 wrote is still read, ranked, verified and listed."""

from __future__ import annotations

import json
import shutil
from math import nan
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.data.scoring_protocol import MSWAL_1
from mswal_bench.benchmark.records.record_store import read_records, stored_records
from mswal_bench.benchmark.runs.predicted_goals import predicted_goals
from mswal_bench.benchmark.runs.run_listing import Condition, list_runs
from mswal_bench.benchmark.runs.run_record import read_run_record
from mswal_bench.benchmark.scoring.saved_scores import load_method, load_scores
from mswal_bench.benchmark.scoring.scores import Scores
from mswal_bench.benchmark.scoring.scores_json import read_summary, summary_json
from mswal_bench.tests.benchmark.signed_records import key_file

SAMPLE = Path(__file__).with_name("version_0_1_0")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A copy: nothing that a command does reaches the files themselves."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "sample"))


def _call(*arguments: object, exit_code: int = 0) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == exit_code, done.output
    return done.output


def test_scores_are_loaded_whole() -> None:
    scores = load_scores(SAMPLE / "scores")
    assert list(scores) == ["careful", "bold"]
    assert (scores.protocol, scores.track, scores.left_out) == (MSWAL_1, None, ())
    assert (scores["careful"].failed, scores["bold"].missing) == (("case_2",), ("case_4",))
    assert scores.case_ids == tuple(f"case_{number}" for number in range(1, 7))
    assert (scores["careful"]["liver_tumor"].tp, scores["careful"]["liver_tumor"].fn) == (4, 1)
    assert scores.has_details
    first = scores["careful"].by_case["case_1"]
    assert len(first.score.lesions) == len(first.positions_mm) == 4
    told, found = (json.loads(text) for text in ((SAMPLE / "scores" / "scores.json").read_text(), _json(scores)))
    # Volumes and HD95 are read as the tables have them, to a thousandth.
    assert _flat(found) == pytest.approx(_flat(told), rel=1e-6, abs=5e-4, nan_ok=True)
    assert {**found, "methods": {}} == {**told, "methods": {}}
    assert [each["classes"] for each in found["methods"].values()] == [
        each["classes"] for each in told["methods"].values()
    ]


def test_the_numbers_of_a_summary_are_read_as_they_are() -> None:
    for folder in ("scores", "run/fold-0"):
        path = SAMPLE / folder / "scores.json"
        assert json.loads(summary_json(read_summary(path))) == json.loads(path.read_text())


def test_rows_written_again_are_the_same_bytes(tmp_path: Path) -> None:
    for stored in stored_records(SAMPLE / "results"):
        method = load_method(stored.folder, MSWAL_1)
        Scores(MSWAL_1, {method.name: method}).save(tmp_path / stored.record.id)
        for name in ("cases.csv", "lesions.csv"):
            assert (tmp_path / stored.record.id / name).read_bytes() == (stored.folder / name).read_bytes()


def test_records_are_ranked(sample: Path) -> None:
    ranked = json.loads(_call("rank", sample / "results", "--format", "json", "--resamples", "200"))
    methods = {each["method"]: each for each in ranked[0]["ranking"]["methods"]}
    assert [each["rank"] for each in methods.values()] == [1, 2]
    # Numbers and intervals are those of the records, which were drawn alike.
    for record in read_records(sample / "results"):
        assert methods[record.form.method]["dsc"] == pytest.approx(record.average.dsc.model_dump(), abs=1e-12)
    of_hidden = ("rank", sample / "hidden" / "results", "--private", sample / "hidden" / "private")
    assert "Careful Net" in _call(*of_hidden, "--resamples", "200")


def test_scores_of_other_cases_are_refused_as_they_were(sample: Path) -> None:
    assert "careful: has no scores of 1 of the cases" in _call("rank", sample / "scores", exit_code=1)


def test_records_are_verified(sample: Path) -> None:
    assert "2 records: nothing differs." in _call("results", "verify", sample / "results")
    hidden = sample / "hidden"
    assert "nothing differs" in _call("results", "verify", hidden / "results", "--private", hidden / "private")


@pytest.mark.parametrize("submission", ["careful", "bold"])
def test_scored_again_nothing_differs_down_to_the_digests_of_the_rows(sample: Path, submission: str) -> None:
    again = ("--submission", sample / submission, "--reference", sample / "labels", "--jobs", "1")
    assert "nothing differs" in _call("results", "verify", sample / "results", *again)


def test_evaluated_again_the_record_is_known(sample: Path) -> None:
    before = _files(sample / "results")
    options = ("--reference", sample / "labels", "--results", sample / "results", "--allow-missing")
    assert "claimed: 7b4a0a2059136942" in _call("evaluate", sample / "careful", *options)
    assert _files(sample / "results") == before
    # Who vouches for it now adds a signature, and changes nothing.
    verified = _call("evaluate", sample / "careful", *options, "--verified", "--key", key_file(sample))
    assert "verified: 7b4a0a2059136942" in verified
    after = _files(sample / "results")
    assert {name: after.pop(name) for name in before} == before
    assert sorted(after) == ["organiser.pub", "records/demo/7b4a0a2059136942/record.json.sig"]


def test_what_says_verified_is_claimed_until_it_is_signed(sample: Path, tmp_path: Path) -> None:
    folder, before = sample / "results", _files(sample / "results")
    assert _statuses(folder) == ["claimed", "claimed"]
    ranked = _call("rank", folder, "--resamples", "50")
    assert "track demo, claimed, mswal/1" in ranked
    assert "2 records that say verified have no signature of the organiser and count as claimed" in ranked
    build = ("leaderboard", "build", folder, "--out", tmp_path / "site", "--resamples", "100")
    assert "demo: 2 claimed" in _call(*build)
    key = key_file(sample)
    assert "signed: 2 records" in _call("results", "sign", folder, "--key", key)
    assert "signed: 0 records" in _call("results", "sign", folder, "--key", key)
    after = _files(folder)
    assert {name: after.pop(name) for name in before} == before
    assert _statuses(folder) == ["verified", "verified"]
    assert "demo: 2 verified" in _call(*build)
    hidden, private = sample / "hidden" / "results", sample / "hidden" / "private"
    sign = ("results", "sign", hidden, "--key", key)
    assert "cannot be verified without its rows" in _call(*sign, exit_code=1)
    assert "signed: 1 record" in _call(*sign, "--private", private)
    assert "nothing differs" in _call("results", "verify", hidden, "--private", private)
    assert _statuses(hidden) == ["verified"]


def test_records_are_listed_and_published(sample: Path, tmp_path: Path) -> None:
    listed = _call("results", "list", sample / "results")
    assert "Careful Net" in listed
    assert "Bold Net" in listed
    _call("leaderboard", "build", sample / "results", "--out", tmp_path / "site", "--resamples", "100")
    assert "Bold Net" in (tmp_path / "site" / "index.html").read_text()


def test_a_run_is_listed() -> None:
    listing = list_runs(SAMPLE / "run")
    (run,), problems = listing.runs, listing.problems
    assert (run.condition, run.method, run.mean_dsc, problems) == (Condition.FINISHED, "quick", {"fold-0": 0.0}, [])
    (goal,) = predicted_goals(SAMPLE / "run")
    assert [path.name for path in sorted(goal.predictions.iterdir())] == ["PHANTOM_0485.nii.gz", "PHANTOM_0486.nii.gz"]


def test_the_scores_of_a_runs_record_are_typed_and_written_as_they_were() -> None:
    path = SAMPLE / "run" / "fold-0" / "record.json"
    record = read_run_record(path)
    assert record.method_scores is not None
    assert record.method_scores.classes["gallstone"].fn == 3
    assert json.loads(record.model_dump_json()) == json.loads(path.read_text())


def test_tables_are_made_of_them(sample: Path) -> None:
    made = _call("tables", "2", "--results", sample, "--track", "official-test")
    assert "Quick" in made
    made = _call("tables", "difficulty", "--results", sample / "results")
    assert made.index("Kidney cyst") < made.index("Liver tumor")
    assert "Without a place in the order, because no reference has it: liver cyst." in made


def _statuses(results: Path) -> list[str]:
    return [record.status for record in read_records(results)]


def _json(scores: Scores) -> str:
    return summary_json(scores.summary())


def _flat(content: Any) -> list[float]:
    """Every number, in order; NaN for null."""
    if isinstance(content, dict):
        return [number for value in content.values() for number in _flat(value)]
    return [] if isinstance(content, str | list) else [nan if content is None else float(content)]


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
