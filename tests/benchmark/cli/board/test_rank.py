from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from mswal_bench.benchmark.cli.main import main
from mswal_bench.benchmark.scoring.scores_json import summary_json
from mswal_bench.tests.benchmark.score_summaries import summary
from mswal_bench.tests.speed.many_records import make_results

Rank = Callable[..., str]


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, kits_raters: Path) -> Path:
    """What `score --out` writes of two raters against the first."""
    out = tmp_path_factory.mktemp("scores")
    raters = [str(kits_raters / name) for name in ("rater2", "rater3")]
    call = ["score", *raters, "--reference", str(kits_raters / "rater1"), "--out", str(out), "--jobs", "1"]
    assert CliRunner().invoke(main, call).exit_code == 0
    return out


@pytest.fixture
def rank(scores: Path) -> Rank:
    def call(*options: str) -> str:
        done = CliRunner().invoke(main, ["rank", str(scores), "--resamples", "400", "--permutations", "300", *options])
        assert done.exit_code == 0, done.output
        return done.stdout

    return call


def test_the_table(rank: Rank) -> None:
    lines = rank().splitlines()
    assert lines[0] == "Ranking by mean-rank: mswal/1, 12 cases"
    # One has the higher DSC, the other the higher F1.
    assert lines[5].split()[:4] == ["1", "rater2", "1.50", "93.53"]
    assert lines[6].split()[:4] == ["1", "rater3", "1.50", "93.79"]
    assert "Equal methods share a rank" in lines[8]
    assert "400 resamples, seed 0" in lines[9]


def test_formats_tell_the_same(rank: Rank) -> None:
    (ranking,) = json.loads(rank("--format", "json"))
    methods = ranking["ranking"]["methods"]
    rows = list(csv.DictReader(io.StringIO(rank("--format", "csv"))))
    assert [row["method"] for row in rows] == [method["method"] for method in methods]
    for row, method in zip(rows, methods, strict=True):
        assert int(row["rank"]) == method["rank"]
        assert float(row["dsc_low"]) == method["dsc"]["low"]
        assert [float(row["share_of_rank_1"]), float(row["share_of_rank_2"])] == method["rank_shares"]
        assert f"{100 * method['f1']['value']:.2f}" in rank("--format", "markdown")
    compared = ranking["ranking"]["neighbours"]
    assert [each["number"] for each in compared] == ["dsc", "f1"]
    assert (rows[0]["next"], float(rows[0]["p_dsc"])) == ("rater3", compared[0]["p"])
    assert rows[1]["next"] == rows[1]["p_dsc"] == ""


@pytest.mark.parametrize(
    ("scheme", "order"),
    [
        ("dsc", ["rater3", "rater2"]),
        ("f1", ["rater2", "rater3"]),
        ("class:kidney_cyst", ["rater3", "rater2"]),
        ("class:kidney_tumor", ["rater2", "rater3"]),
        ("mean-then-rank", ["rater2", "rater3"]),
        ("rank-then-mean", ["rater2", "rater3"]),
    ],
)
def test_schemes(rank: Rank, scheme: str, order: list[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(rank("--by", scheme, "--format", "csv"))))
    assert [row["method"] for row in rows] == order
    assert [row["rank"] for row in rows] == ["1", "2"]


def test_a_class_that_no_case_has(rank: Rank) -> None:
    lines = rank("--by", "class:gallstone").splitlines()
    assert lines[5].split()[:2] == ["–", "rater2"]  # noqa: RUF001
    assert any("undefined" in line for line in lines)


def test_seeds(rank: Rank) -> None:
    assert rank("--seed", "3") == rank("--seed", "3") != rank("--seed", "4")


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--by", "median"], 1, "error: median: is no way to rank"),
        (["--by", "class:liver"], 1, "error: liver: is no class that was scored"),
        (["--track", "demo"], 1, "--track cannot apply"),
        (["--resamples", "0"], 2, "0 is not in the range"),
        (["--format", "latex"], 2, "'latex' is not one of"),
        (["--private", "/nowhere"], 2, "does not exist"),
    ],
)
def test_wrong_calls(scores: Path, options: list[str], code: int, sentence: str) -> None:
    done = CliRunner().invoke(main, ["rank", str(scores), *options])
    assert done.exit_code == code
    assert sentence in done.output


def test_no_source(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["rank", str(tmp_path / "nowhere")]).exit_code == 2
    done = CliRunner().invoke(main, ["rank", str(tmp_path)])
    assert (done.exit_code, "has nothing to rank" in done.output) == (1, True)


def _cases_csv(folder: Path, **classes: tuple[int, int]) -> None:
    """A method each with FP of class `a` and TP of class `b` in one case."""
    folder.mkdir(parents=True)
    heads = "method,case,class,reference_voxels,prediction_voxels,intersection_voxels,dsc,tp,fp,fn,f1"
    lines = []
    for method, (fp, tp) in classes.items():
        lines.append(f"{method},c1,a,0,{fp},0,{'0.0' if fp else ''},0,{fp},0,{'0.0' if fp else ''}")
        lines.append(f"{method},c1,b,1,{tp},{tp},{float(tp)},{tp},0,{1 - tp},{float(tp)}")
    (folder / "cases.csv").write_text("\n".join([heads, *lines, ""]))


def _ranked_csv(folder: Path, *options: str) -> dict[str, dict[str, str]]:
    quick = ["--resamples", "10", "--permutations", "10", *options]
    done = CliRunner().invoke(main, ["rank", str(folder), "--format", "csv", *quick])
    assert done.exit_code == 0, done.output
    return {row["method"]: row for row in csv.DictReader(io.StringIO(done.stdout))}


def test_what_is_a_dash_in_the_table_is_empty_in_csv(tmp_path: Path) -> None:
    _cases_csv(tmp_path / "scores", good=(0, 1), bad=(0, 0))
    rows = _ranked_csv(tmp_path / "scores")
    # One case is too few to draw from: there are neither intervals nor shares of ranks.
    for method, rank in (("good", "1"), ("bad", "2")):
        drawn = [rows[method][key] for key in rows[method] if key.startswith(("share", "rank_")) or "_low" in key]
        assert (rows[method]["rank"], set(drawn)) == (rank, {""})


def test_false_positives_alone_win_no_class(tmp_path: Path) -> None:
    _cases_csv(tmp_path / "scores", invents=(1, 1), silent=(0, 1))
    rows = _ranked_csv(tmp_path / "scores", "--by", "class:a")
    assert (rows["invents"]["rank"], rows["silent"]["rank"]) == ("", "")
    table = CliRunner().invoke(main, ["rank", str(tmp_path / "scores"), "--by", "class:a", "--resamples", "10"])
    assert "No rank: without such a lesion in any reference" in table.stdout
    over_all = _ranked_csv(tmp_path / "scores")
    assert (over_all["silent"]["rank"], over_all["invents"]["rank"]) == ("1", "2")


@pytest.mark.parametrize(
    ("scheme", "meant"),
    [("class:galstone", "gallstone"), ("clas:gallstone", "class:gallstone"), ("mean_rank", "mean-rank")],
)
def test_a_scheme_that_is_misspelt(tmp_path: Path, scheme: str, meant: str) -> None:
    _cases_csv(tmp_path / "scores", good=(0, 1), bad=(0, 0))
    path = tmp_path / "scores" / "cases.csv"
    path.write_text(path.read_text().replace(",a,", ",gallstone,"))
    refused = CliRunner().invoke(main, ["rank", str(tmp_path / "scores"), "--by", scheme])
    assert refused.exit_code == 1
    assert f"Did you mean {meant}?" in refused.stderr


def test_methods_of_different_cases_are_told_what_to_do(tmp_path: Path) -> None:
    _cases_csv(tmp_path / "scores", good=(0, 1), bad=(0, 0))
    path = tmp_path / "scores" / "cases.csv"
    path.write_text(path.read_text().replace("bad,c1,", "bad,c2,"))
    refused = CliRunner().invoke(main, ["rank", str(tmp_path / "scores")])
    assert refused.exit_code == 1
    assert "bad: has no scores of" in refused.stderr
    assert "Mend them, or rank without it." in refused.stderr


def test_cases_that_were_left_out_are_told(tmp_path: Path) -> None:
    _cases_csv(tmp_path / "scores", good=(0, 1), bad=(0, 0))
    of_classes = dict.fromkeys("ab", (0.5, 0.5))
    scores = summary({"good": of_classes}, failed={"bad": ("c2",)})
    (tmp_path / "scores" / "scores.json").write_text(summary_json(scores))
    for style in ("table", "markdown", "json"):
        told = CliRunner().invoke(main, ["rank", str(tmp_path / "scores"), "--resamples", "10", "--format", style])
        assert "NOT COMPARABLE with rankings of all cases: without c2, which could not be scored" in told.stdout
    assert {(row["left_out"], row["comparable"]) for row in _ranked_csv(tmp_path / "scores").values()} == {("1", "0")}
    (tmp_path / "scores" / "scores.json").write_text(summary_json(summary({"good": of_classes})))
    assert {(row["left_out"], row["comparable"]) for row in _ranked_csv(tmp_path / "scores").values()} == {("0", "1")}


def test_all_pairs_of_many_methods_are_asked_for(tmp_path: Path) -> None:
    make_results(tmp_path / "results", 27, 6, resamples=10)
    call = ["rank", str(tmp_path / "results"), "--resamples", "20", "--permutations", "50"]
    some, every = (CliRunner().invoke(main, [*call, *more]).stdout for more in ((), ("--all-pairs",)))
    assert "over the pairs of the best 25 (`--all-pairs` tests all)." in some.replace("\n", " ")
    assert "in a significance map over all pairs." in every.replace("\n", " ")
    maps = [text.split("Significance map, F1:")[1].split("Ranked by")[0] for text in (some, every)]
    assert [("to 25" in text, "to 27" in text) for text in maps] == [(True, False), (True, True)]
