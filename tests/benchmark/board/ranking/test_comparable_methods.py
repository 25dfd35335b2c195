from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mswal_bench.benchmark.board.ranking import comparable_methods as gathering
from mswal_bench.benchmark.board.ranking.score_arrays import ScoreArrays
from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.scoring.scores_json import summary_json
from mswal_bench.benchmark.submissions.submission_form import PublicForm
from mswal_bench.tests.benchmark.score_summaries import summary
from mswal_bench.tests.benchmark.signed_records import KEY

from .record_making import digest, store_record
from .score_making import picked, random_arrays

if TYPE_CHECKING:
    from .conftest import Rows, WriteRows

Store = Callable[..., ResultRecord]
# Whose key is pinned, which the notes then do not name.
comparable_methods = partial(gathering.comparable_methods, organiser=KEY.public)


@pytest.fixture
def scores() -> ScoreArrays:
    return random_arrays(5, 8, 2)


@pytest.fixture
def store(tmp_path: Path, scores: ScoreArrays, rows_of: Callable[[ScoreArrays], Rows], write_rows: WriteRows) -> Store:
    """`store(number of the method, **what the record says)` adds its record to `results`."""

    def add(number: int, name: str | None = None, **fields: Any) -> ResultRecord:
        folder = tmp_path / "rows" / f"{len(list((tmp_path / 'results').rglob('record.json')))}"
        write_rows(folder / "cases.csv", rows_of(picked(scores, [number])))
        return store_record(tmp_path / "results", folder, name or scores.methods[number], scores.classes, **fields)

    return add


@pytest.fixture
def results(tmp_path: Path) -> Path:
    (tmp_path / "results").mkdir()
    return tmp_path / "results"


def test_the_folder_of_scores(
    tmp_path: Path, scores: ScoreArrays, rows_of: Callable[[ScoreArrays], Rows], write_rows: WriteRows
) -> None:
    write_rows(tmp_path / "cases.csv", rows_of(scores))
    (found,) = gathering.comparable_methods(tmp_path)
    assert (found.track, found.status, found.protocol) == (None, None, None)
    assert found.arrays.methods == scores.methods
    np.testing.assert_array_equal(found.arrays.tp, scores.tp)
    of_classes = dict.fromkeys(reversed(scores.classes), (0.5, 0.5))
    of_track = summary({"m": of_classes}).model_copy(update={"track": "demo"})
    (tmp_path / "scores.json").write_text(summary_json(of_track))
    (found,) = gathering.comparable_methods(tmp_path)
    assert (found.protocol, found.track) == ("mswal/1", "demo")
    assert found.arrays.classes == tuple(reversed(scores.classes))
    for wrong in ("[]", "{", '{"protocol": "x", "methods": {}}'):
        (tmp_path / "scores.json").write_text(wrong)
        with pytest.raises(BenchError, match=r"scores\.json: is not the file"):
            gathering.comparable_methods(tmp_path)
    with pytest.raises(BenchError, match="to which --track, --claimed cannot apply"):
        gathering.comparable_methods(tmp_path, track="demo", claimed=True)


def test_records_of_a_track(results: Path, scores: ScoreArrays, store: Store) -> None:
    store(0)
    store(1)
    store(2, track="other")
    demo, other = comparable_methods(results)
    assert (demo.track, demo.status, demo.protocol, demo.notes) == ("demo", "verified", "mswal/1 on two", ())
    assert sorted(demo.arrays.methods) == ["method 0", "method 1"]
    np.testing.assert_array_equal(demo.arrays.tp[demo.arrays.methods.index("method 1")], scores.tp[1])
    assert (other.track, other.arrays.methods) == ("other", ("method 2",))
    (alone,) = comparable_methods(results, track="other")
    assert alone.track == "other"
    with pytest.raises(BenchError, match="has no record of the track: expected third, found demo, other"):
        comparable_methods(results, track="third")


def test_claimed_and_verified_are_never_together(results: Path, store: Store) -> None:
    store(0)
    store(1, status="claimed")
    (verified,) = comparable_methods(results)
    assert verified.arrays.methods == ("method 0",)
    assert verified.notes == ("Not among these, for they are claimed: method 1. The two are never ranked together.",)
    (claimed,) = comparable_methods(results, claimed=True)
    assert (claimed.status, claimed.arrays.methods) == ("claimed", ("method 1",))


def test_claimed_alone(results: Path, store: Store) -> None:
    store(1, status="claimed")
    with pytest.raises(BenchError, match="has no verified record in demo"):
        comparable_methods(results)


def test_a_track_without_such_records_is_named(results: Path, store: Store) -> None:
    store(0)
    store(1, status="claimed", track="other")
    (found,) = comparable_methods(results)
    assert (found.track, found.notes) == ("demo", ("Left out: other, which has no verified record.",))
    with pytest.raises(BenchError, match="has no verified record in other"):
        comparable_methods(results, track="other")


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"protocol": "mswal/2"}, "protocol"),
        ({"manifest_digest": digest("more cases")}, "cases"),
        ({"reference_digest": digest("corrected")}, "reference labels"),
        ({"protocol": "mswal/2", "reference_digest": digest("corrected")}, "protocol and reference labels"),
    ],
)
def test_what_does_not_compare_is_apart(results: Path, store: Store, fields: dict[str, str], what: str) -> None:
    store(0)
    store(1)
    store(2, **fields)
    found = comparable_methods(results)
    assert sorted(len(each.arrays.methods) for each in found) == [1, 2]
    note = f"One of 2 rankings of this track: records of different {what} do not compare."
    assert all(each.notes == (note,) for each in found)


def test_two_records_of_one_name(results: Path, store: Store) -> None:
    ids = [store(number, "Same", predictions_digest=digest(str(number))).id for number in (0, 1)]
    (found,) = comparable_methods(results)
    assert sorted(found.arrays.methods) == sorted(f"Same ({record})" for record in ids)


def test_two_records_whose_names_look_the_same(results: Path, store: Store) -> None:
    names = ["caf\xe9", "cafe\u0301"]
    ids = {name: store(number, name, predictions_digest=digest(name)).id for number, name in enumerate(names)}
    (found,) = comparable_methods(results)
    assert sorted(found.arrays.methods) == sorted(f"{name} ({ids[name]})" for name in names)


def test_hidden_tracks(tmp_path: Path, results: Path, scores: ScoreArrays, store: Store) -> None:
    private = tmp_path / "private"
    record = store(0, track="secret", private=private)
    assert not list(results.rglob("cases.csv"))
    (found,) = comparable_methods(results, private=private)
    np.testing.assert_array_equal(found.arrays.tp[0], scores.tp[0])
    store(3, track="secret", private=private)
    with pytest.raises(
        BenchError, match=r"secret: the track is hidden, and its rows are not published.*--private"
    ) as one:
        comparable_methods(results)
    assert len(one.value.problems) == 1, "a track is named once, however many records it has"
    store(1)
    (public,) = comparable_methods(results)
    assert (public.track, public.notes) == (
        "demo",
        ("Left out: secret, which is hidden: `--private` says where its rows are.",),
    )
    with pytest.raises(BenchError, match="the track is hidden"):
        comparable_methods(results, track="secret")
    assert [each.track for each in comparable_methods(results, private=private)] == ["demo", "secret"]
    (private / "secret" / record.id / "cases.csv").unlink()
    with pytest.raises(BenchError, match=r"cases\.csv: cannot be read \(No such file"):
        comparable_methods(results, private=private)


def test_rows_that_were_changed_are_refused_all_at_once(results: Path, store: Store) -> None:
    records = [store(number) for number in (0, 1)]
    for record in records:
        with (results / "records" / "demo" / record.id / "cases.csv").open("a") as file:
            file.write("\n")
    with pytest.raises(BenchError) as caught:
        comparable_methods(results)
    assert [problem.what for problem in caught.value.problems] == [
        "is not the file that the record was written with"
    ] * 2


def test_records_on_other_cases(
    tmp_path: Path,
    results: Path,
    scores: ScoreArrays,
    store: Store,
    rows_of: Callable[[ScoreArrays], Rows],
    write_rows: WriteRows,
) -> None:
    store(0)
    renamed = replace(picked(scores, [1]), cases=(*scores.cases[:-1], "stranger"))
    write_rows(tmp_path / "stranger" / "cases.csv", rows_of(renamed))
    store_record(results, tmp_path / "stranger", "method 1", scores.classes)
    with pytest.raises(BenchError) as caught:
        comparable_methods(results)
    assert {problem.where: problem.found for problem in caught.value.problems} == {
        "method 0": "stranger",
        "method 1": scores.cases[-1],
    }


def test_nothing_to_rank(results: Path) -> None:
    with pytest.raises(BenchError, match=r"has nothing to rank: expected records, or a cases\.csv"):
        comparable_methods(results)


def test_people_are_a_reference_and_not_ranked(results: Path, store: Store) -> None:
    def drawn_by_people(name: str) -> PublicForm:
        return PublicForm(method=name, authors=["A. Author"], affiliation="Here", track="demo", drawn_by="people")

    store(0)
    store(1)
    store(2, form=drawn_by_people("A rater"))
    store(3, form=drawn_by_people("Another"), status="claimed")
    (found,) = comparable_methods(results)
    assert sorted(found.arrays.methods) == ["method 0", "method 1"]
    (note,) = found.notes
    assert note.startswith("Drawn by people, as a reference and not ranked: A rater (Avg. DSC ")
    assert "Another" not in note
    with pytest.raises(BenchError, match=r"no claimed record in demo but of what people drew.*not ranked"):
        comparable_methods(results, claimed=True)


def test_a_track_of_people_alone_is_left_out(results: Path, store: Store) -> None:
    store(0)
    of_raters = PublicForm(method="R", authors=["A"], affiliation="H", track="raters", drawn_by="people")
    store(2, track="raters", form=of_raters)
    (found,) = comparable_methods(results)
    assert found.notes == ("Left out: raters, which has no verified record but of what people drew.",)
