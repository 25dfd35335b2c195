"""What the record of a run prints, and its frame."""

from __future__ import annotations

from mswal_bench.benchmark.runs.resources import Resources
from mswal_bench.benchmark.runs.run_record import RunIdentity, RunRecord, Step, now
from mswal_bench.benchmark.scoring.scores_json import ScoreSummary
from mswal_bench.benchmark.tables.view import UNDEFINED
from mswal_bench.tests.benchmark.score_summaries import summary


def record(scores: ScoreSummary | None, folds: list[int]) -> RunRecord:
    step = Step(started_at=now(), environment="", resources=Resources())
    identity = RunIdentity(
        method="m", budget="demo", seed=3, dataset="D", split_digest="", files_digest="", settings_digest=""
    )
    return RunRecord(
        created_at=now(),
        identity=identity,
        title="Method <M>",
        publication="",
        settings={},
        card={},
        parameters=1,
        track="public-cv",
        folds=folds,
        epochs=1,
        environments={},
        prepared=step,
        training={},
        resumed_from_epochs={},
        predicted=step,
        cases=2,
        scores=scores,
    )


def test_a_record_is_a_table() -> None:
    of_run = record(summary({"m": {"liver_cyst": (0.5, 0.25), "gallstone": (None, None)}}), [0, 1])
    assert str(of_run).splitlines() == [
        "Method <M>, public-cv, folds 0, 1: 2 cases predicted",
        "",
        "Lesion        DSC     F1",
        "----------  -----  -----",
        "Liver cyst  50.00  25.00",
        f"Gallstone       {UNDEFINED}      {UNDEFINED}",
        "Avg.        50.00  25.00",
        "",
        "m on D, budget demo, seed 3.",
        "Percent. Protocol mswal/1.",
    ]
    assert "Method &lt;M&gt;, public-cv" in of_run._repr_html_()
    frame = of_run.to_frame()
    assert frame[frame["metric"] == "dsc"].values.tolist()[0] == ["m", "liver_cyst", "dsc", 0.5]


def test_a_record_without_scores_says_so() -> None:
    of_run = record(None, [4])
    assert str(of_run).splitlines() == [
        "Method <M>, public-cv, fold 4: 2 cases predicted",
        "",
        "m on D, budget demo, seed 3.",
        "Not scored, for the labels of the predicted cases are not there.",
    ]
    assert "Not scored" in of_run._repr_html_()
    assert of_run.to_frame().shape == (0, 4)
