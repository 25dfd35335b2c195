"""Tables from records on disk, as `tables --results` makes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.paper.build_tables import OWN_TABLES, TableName, own_tables
from mswal_bench.benchmark.paper.table_2_view import OURS
from mswal_bench.benchmark.records.release_policy import Release, ReleasePolicy
from mswal_bench.benchmark.tables.view import UNDEFINED, Cell, TableView
from mswal_bench.tests.benchmark.signed_records import KEY

from .own_records import run, submit, transfer


def table(name: TableName, folder: Path, track: str | None = None, ours: str = OURS) -> TableView:
    (view,), _ = own_tables([name], folder, track, ours)
    return view


def column(view: TableView, group: str, row: int = -1) -> tuple[Cell, Cell]:
    """DSC and F1 of a method in a row, by default Avg."""
    place = 2 * view.groups.index(group)
    dsc, f1 = view.rows[row].cells[place : place + 2]
    return dsc, f1


def message(name: TableName, folder: Path, track: str | None = None) -> str:
    with pytest.raises(BenchError) as raised:
        own_tables([name], folder, track)
    return str(raised.value)


def test_submissions_fill_the_columns_of_their_baselines(tmp_path: Path) -> None:
    submit(tmp_path, "Our Inception", 0.5009, baseline="inception-nnunet")
    submit(tmp_path, "Their ResEnc", 0.4963, baseline="nnunet-resenc")
    submit(tmp_path, "Newcomer", 0.3)
    view = table("2", tmp_path)
    # One's own first, and none that has no number.
    assert view.groups == ("Newcomer", "Inception nnU-Net", "nnU-Net res", "Average score")
    assert column(view, "Inception nnU-Net")[0] == Cell("50.09", best=True, superscript="+0.46")
    assert column(view, "nnU-Net res")[0] == Cell("49.63", second=True)
    assert column(view, "Newcomer")[0] == Cell("30.00")
    assert column(view, "Average score")[0] == Cell("43.24")
    notes = "\n".join(view.notes)
    absent = "nnU-Net v1, nnU-Net v2, MedNeXt, nnFormer, Swin UNETR"
    assert f"No column, for there is no result of them: {absent}." in notes
    assert "Protocol mswal/1, track official-test, 210 cases." in notes


def test_runs_fill_them_too(tmp_path: Path) -> None:
    run(tmp_path / "a" / "v2", "nnunet-v2", 0.25)
    run(tmp_path / "b", "mednext", 0.125)
    view = table("2", tmp_path)
    assert column(view, "nnU-Net v2")[0] == Cell("25.00", best=True)
    assert column(view, "MedNeXt")[1] == Cell("12.50", second=True)
    assert column(view, "Average score")[0] == Cell("18.75")
    assert not any(cell.superscript for row in view.rows for cell in row.cells)
    assert "Superscript" not in view.legend


def test_the_folder_may_be_the_work_folder_of_one_run(tmp_path: Path) -> None:
    run(tmp_path, "nnunet-v2", 0.25)
    assert column(table("2", tmp_path), "nnU-Net v2")[0] == Cell("25.00")


def test_the_method_whose_improvement_is_told_can_be_chosen(tmp_path: Path) -> None:
    submit(tmp_path, "Newcomer", 0.6)
    submit(tmp_path, "Inception", 0.5, baseline="inception-nnunet")
    view = table("2", tmp_path, ours="Newcomer")
    assert column(view, "Newcomer")[0] == Cell("60.00", best=True, superscript="+10.00")
    assert "Newcomer is better" in view.legend
    with pytest.raises(BenchError, match="no such method in Table 2"):
        own_tables(["2"], tmp_path, None, "Nobody")


def test_averages_are_of_the_numbers_before_rounding(tmp_path: Path) -> None:
    submit(tmp_path, "A", 0.00004)
    submit(tmp_path, "B", 0.00008)
    # 0.00 % and 0.01 %, whose mean would be 0.005.
    view = table("2", tmp_path)
    assert (column(view, "A")[0].text, column(view, "B")[0].text) == ("0.00", "0.01")
    assert column(view, "Average score")[0] == Cell("0.01")


def test_an_undefined_class_is_a_dash_and_told(tmp_path: Path) -> None:
    submit(tmp_path, "A", 0.5, classes={"gallstone": (None, None)})
    submit(tmp_path, "B", 0.25)
    view = table("2", tmp_path)
    assert column(view, "A", 0)[0] == Cell(UNDEFINED)
    assert column(view, "Average score", 0)[0] == Cell("25.00")
    assert [note for note in view.notes if note.startswith("Avg. is over")] == [
        "Avg. is over 6 of 7 classes for A; the others are undefined."
    ]


def test_what_readers_have_to_know_is_told(tmp_path: Path) -> None:
    submit(tmp_path, "A", 0.5, status="claimed", missing=("MSWAL_0001",))
    run(tmp_path / "w", "nnunet-v2", 0.2, goal="fold-0", folds=(0,))
    notes = table("2", tmp_path).notes
    assert "Claimed, not verified by the organiser: A." in notes
    assert "A: no prediction for 1 of 210 cases, counted as empty." in notes
    assert "nnU-Net v2: by 1 of 5 folds." in notes


def test_of_one_runs_selections_that_of_most_folds_is_shown(tmp_path: Path) -> None:
    run(tmp_path / "w", "nnunet-v2", 0.3)
    run(tmp_path / "w", "nnunet-v2", 0.2, goal="fold-0", folds=(0,))
    view = table("2", tmp_path)
    assert column(view, "nnU-Net v2")[0].text == "30.00"
    assert "nnU-Net v2: the result of w/fold-all is shown, not that of w/fold-0." in view.notes


def test_several_results_of_one_method_stand_side_by_side(tmp_path: Path) -> None:
    run(tmp_path / "seed0", "nnunet-v2", 0.3, title="nnU-Net v2")
    run(tmp_path / "seed1", "nnunet-v2", 0.2, title="nnU-Net v2")
    submit(tmp_path, "Theirs", 0.4, baseline="nnunet-v2")
    groups = table("2", tmp_path).groups
    assert groups[:3] == ("Theirs", "nnU-Net v2 (seed0)", "nnU-Net v2 (seed1)")


def test_of_one_name_the_newest_is_shown(tmp_path: Path) -> None:
    submit(tmp_path, "A", 0.6, day=0)
    submit(tmp_path, "A", 0.5, day=3)
    view = table("2", tmp_path)
    assert column(view, "A")[0].text == "50.00"
    assert any(note.startswith("A: the result of records/official-test/") for note in view.notes)


def test_what_is_claimed_gives_way_to_what_is_verified(tmp_path: Path) -> None:
    submit(tmp_path, "A", 0.5, day=0)
    submit(tmp_path, "A", 0.9, day=3, status="claimed")
    view = table("2", tmp_path)
    assert column(view, "A")[0].text == "50.00"
    assert not any("Claimed" in note for note in view.notes)


def test_variants_are_table_3s_and_the_released_one_a_method_of_its_own(tmp_path: Path) -> None:
    submit(tmp_path, "I", 0.1, baseline="inception-nnunet", variant="I")
    submit(tmp_path, "whole", 0.5, baseline="inception-nnunet", variant="V")
    submit(tmp_path, "released", 0.4, baseline="inception-nnunet", variant="released")
    view = table("2", tmp_path)
    assert column(view, "Inception nnU-Net")[0] == Cell("50.00", best=True, superscript="+10.00")
    assert view.groups[-2:] == ("Inception nnU-Net, variant released", "Average score")
    assert column(view, "Average score")[0].text == "45.00"


def test_table_3(tmp_path: Path) -> None:
    run(tmp_path / "three", "inception-nnunet-III", 0.4)
    run(tmp_path / "whole", "inception-nnunet", 0.5)
    run(tmp_path / "other", "nnunet-v2", 0.9)
    view = table("3", tmp_path)
    assert [row.label for row in view.rows] == ["I", "II", "III", "IV", "V"]
    assert [cell.text for cell in view.rows[2].cells] == ["✓", "✗", "✓", "40.00", "40.00"]
    assert [cell.text for cell in view.rows[4].cells] == ["✓", "✓", "✓", "50.00", "50.00"]
    assert [cell.text for cell in view.rows[0].cells] == ["✗", "✗", "✗", UNDEFINED, UNDEFINED]
    assert f"{UNDEFINED}: no result of I, II, IV." in view.notes


def test_table_4(tmp_path: Path) -> None:
    transfer(tmp_path / "lits", "LiTS", {"Liver": (0.9679, 0.9682), "Liver tumor": (0.744, 0.714)})
    transfer(tmp_path / "kits", "KiTS", {"Kidney": (0.9, 0.9), "Kidney cyst": (None, 0.5)})
    view = table("4", tmp_path)
    assert view.groups == ("MSWAL → KiTS", "MSWAL → LiTS")
    assert view.columns == (("Kidney", "Kidney cyst"), ("Liver", "Liver tumor"))
    scores, improvements = view.rows
    assert [cell.text for cell in scores.cells] == [
        "90.00 → 90.00", f"{UNDEFINED} → 50.00", "96.79 → 96.82", "74.40 → 71.40",
    ]  # fmt: skip
    assert [cell.text for cell in improvements.cells] == ["0.00", UNDEFINED, "↑ 0.03", "↓ 3.00"]
    assert (
        "MSWAL → LiTS: nnU-Net res, 5 of 5 folds, budget demo, seed 0; protocol mswal/1 on LiTS, 26 cases."
        in view.notes
    )


def test_of_one_transfers_selections_that_of_most_folds_is_shown_and_two_experiments_are_told_apart(
    tmp_path: Path,
) -> None:
    transfer(tmp_path / "a", "LiTS", {"Liver": (0.1, 0.2)}, folds=1)
    transfer(tmp_path / "a", "LiTS", {"Liver": (0.3, 0.5)})
    transfer(tmp_path / "b", "LiTS", {"Liver": (0.3, 0.4)}, seed=1)
    view = table("4", tmp_path)
    assert view.groups == ("MSWAL → LiTS (a)", "MSWAL → LiTS (b)")
    assert [cell.text for cell in view.rows[1].cells] == ["↑ 20.00", "↑ 10.00"]


def test_difficulty(tmp_path: Path) -> None:
    submit(tmp_path, "A", 0.5, classes={"liver_cyst": (0.1, 0.9)})
    submit(tmp_path, "B", 0.4, classes={"liver_cyst": (0.2, 0.9)})
    view = table("difficulty", tmp_path)
    assert [cell.text for cell in view.rows[0].cells][:2] == ["Liver cyst", "15.00"]
    assert [cell.text for cell in view.rows[-1].cells][2:] == ["Liver cyst", "90.00"]
    assert "Average score: mean over A, B." in view.notes


def test_tracks_are_never_in_one_table(tmp_path: Path) -> None:
    submit(tmp_path, "A", 0.5)
    submit(tmp_path, "B", 0.4, track="public-cv")
    said = message("2", tmp_path)
    assert "which cannot be compared" in said
    assert "Choose a track with --track: official-test, public-cv." in said
    assert "A" not in table("2", tmp_path, track="public-cv").groups
    assert column(table("2", tmp_path, track="public-cv"), "B")[0] == Cell("40.00")


def test_other_labels_are_never_in_one_table(tmp_path: Path) -> None:
    submit(tmp_path, "A", 0.5)
    submit(tmp_path, "B", 0.4, labels="corrected ones")
    said = message("2", tmp_path, "official-test")
    assert "which cannot be compared" in said
    assert "Give a folder that holds the results on one of them." in said


def test_other_numbers_of_cases_are_never_in_one_table(tmp_path: Path) -> None:
    run(tmp_path / "a", "nnunet-v2", 0.5)
    run(tmp_path / "b", "mednext", 0.4, cases=40)
    assert "official-test (210 cases, labels" in message("2", tmp_path)
    assert "official-test (40 cases, labels" in message("2", tmp_path)


def test_one_fold_of_public_cv_is_a_track_of_its_own(tmp_path: Path) -> None:
    run(tmp_path / "a", "nnunet-v2", 0.5, track="public-cv", goal="public-cv-fold-all")
    run(tmp_path / "b", "mednext", 0.4, track="public-cv", goal="public-cv-fold-2", folds=(2,))
    assert "--track: public-cv, public-cv-fold-2." in message("2", tmp_path)
    assert column(table("2", tmp_path, track="public-cv-fold-2"), "MedNeXt")[0].text == "40.00"


def test_other_protocols_and_unscored_runs_are_passed_over_and_told(tmp_path: Path) -> None:
    run(tmp_path / "kits", "nnunet-v2", 0.5, protocol="mswal/1 on kidney+kidney_tumor")
    run(tmp_path / "unscored", "mednext", None, scored=False)
    run(tmp_path / "good", "nnformer", 0.5)
    _, notes = own_tables(["2"], tmp_path, None)
    assert notes == [
        "Passed over, because they do not have MSWAL's seven classes: kits/fold-all.",
        "Passed over, because they were run without labels: unscored/fold-all.",
    ]


def test_what_people_drew_is_no_method_of_a_table(tmp_path: Path) -> None:
    submit(tmp_path, "A method", 0.5)
    submit(tmp_path, "A rater", 0.9, drawn_by="people")
    assert "A rater" not in table("2", tmp_path).groups
    _, (note,) = own_tables(["2"], tmp_path, None, organiser=KEY.public)
    assert note.startswith("Passed over, because people drew their label maps: ")


def test_rounded_averages_of_a_hidden_track_are_in_no_table(tmp_path: Path) -> None:
    """They would be printed as 50.00, and their lesion types as undefined."""
    submit(tmp_path, "A method", 0.5)
    submit(tmp_path, "Another", 0.6, hidden=True, release=Release(policy=ReleasePolicy(), shown=True))
    assert "Another" not in table("2", tmp_path).groups
    _, (note,) = own_tables(["2"], tmp_path, None, organiser=KEY.public)
    assert note.startswith("Passed over, because hidden tracks round averages and show no types: ")


@pytest.mark.parametrize("name", OWN_TABLES)
def test_a_folder_without_results_is_refused(tmp_path: Path, name: TableName) -> None:
    assert "has no results for" in message(name, tmp_path)


def test_a_track_without_results_is_refused_and_the_others_named(tmp_path: Path) -> None:
    submit(tmp_path, "A", 0.5)
    assert "on the track public-cv, found those of official-test" in message("2", tmp_path, "public-cv")


def test_all_leaves_out_what_is_not_there_and_says_so(tmp_path: Path) -> None:
    submit(tmp_path, "A", 0.5)
    views, notes = own_tables(OWN_TABLES, tmp_path, None, organiser=KEY.public)
    assert [view.title.name for view in views if view.title] == ["Table 2", "Difficulty"]
    assert [note.split(": ")[2] for note in notes] == [
        "has no results for Table 3",
        "has no results for Table 4",
    ]


def test_all_of_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError) as raised:
        own_tables(OWN_TABLES, tmp_path, None)
    assert len(raised.value.problems) == len(OWN_TABLES)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "there is no such folder" in message("2", tmp_path / "nothing")


@pytest.mark.parametrize("source", ["runs", "public", "hidden", "both"])
def test_a_class_that_every_method_invents_is_in_no_order_of_difficulty(tmp_path: Path, source: str) -> None:
    """All have a number for it, 0, which is of false positives: the counts behind the numbers tell."""
    invented, absent = {"liver_cyst": (0.0, 0.0)}, ["liver_cyst"]
    if source in ("runs", "both"):
        run(tmp_path / "a", "nnunet-v2", 0.5, classes=invented, absent=absent)
    if source in ("runs",):
        run(tmp_path / "b", "mednext", 0.4, classes=invented, absent=absent)
    if source in ("public", "hidden", "both"):
        submit(tmp_path, "A", 0.5, classes=invented, absent=absent, hidden=source != "public")
    if source in ("public", "hidden"):
        submit(tmp_path, "B", 0.4, classes=invented, absent=absent, hidden=source == "hidden")
    for name in ("2", "difficulty"):
        told = "Without a place in the order, because no reference has it: liver cyst."
        # A hidden track withholds what would tell it.
        assert (told in table(name, tmp_path).notes) == (source != "hidden")
    shown = [row.cells[0].text for row in table("difficulty", tmp_path).rows]
    assert ("Liver cyst" in shown) == (source == "hidden")


def test_a_hidden_class_that_one_alone_invents_is_in_no_order_of_difficulty(tmp_path: Path) -> None:
    nothing = {"liver_cyst": (None, None)}
    submit(tmp_path, "A", 0.5, classes={"liver_cyst": (0.0, 0.0)}, absent=["liver_cyst"], hidden=True)
    submit(tmp_path, "B", 0.4, classes=nothing, hidden=True)
    assert (
        "Without a place in the order, because no reference has it: liver cyst." in table("difficulty", tmp_path).notes
    )


def test_a_class_that_nobody_finds_is_the_hardest(tmp_path: Path) -> None:
    missed = {"liver_cyst": (0.0, 0.0)}
    run(tmp_path / "a", "nnunet-v2", 0.5, classes=missed)
    run(tmp_path / "b", "mednext", 0.4, classes=missed)
    assert table("difficulty", tmp_path).rows[0].cells[0].text == "Liver cyst"


def test_every_damaged_record_is_told(tmp_path: Path) -> None:
    submit(tmp_path, "A", 0.5)
    for name in ("a", "b"):
        run(tmp_path / name, "nnunet-v2", 0.5).write_text("{", encoding="utf-8")
    for name, wrong in (("c", {"methods": {}}), ("d", {"methods": {"m": {"classes": {"x": 3}}}})):
        path = run(tmp_path / name, "nnunet-v2", 0.5)
        record = json.loads(path.read_text())
        path.write_text(json.dumps(record | {"scores": record["scores"] | wrong}), encoding="utf-8")
    with pytest.raises(BenchError) as raised:
        own_tables(["2"], tmp_path, None)
    assert len(raised.value.problems) == 4
    transfer(tmp_path / "t", "LiTS", {"Liver": (0.1, 0.2)}).write_text("[]", encoding="utf-8")
    assert "is not the record of a transfer" in message("4", tmp_path)


def test_a_baseline_of_another_version_keeps_its_own_name(tmp_path: Path) -> None:
    submit(tmp_path, "Future", 0.5, baseline="nnunet-v9")
    submit(tmp_path, "Odd", 0.4, baseline="mednext", variant="Z")
    view = table("2", tmp_path)
    assert view.groups == ("Future", "Odd", "Average score")


def test_a_submission_under_the_name_of_a_baseline_is_not_taken_for_it(tmp_path: Path) -> None:
    submit(tmp_path, "inception-nnunet", 0.9)
    submit(tmp_path, "MedNeXt", 0.8)
    submit(tmp_path, "Real", 0.5, baseline="inception-nnunet")
    view = table("2", tmp_path)
    own = ("MedNeXt (not the baseline)", "inception-nnunet (not the baseline)")
    assert view.groups == (*own, "Inception nnU-Net", "Average score")
    assert column(view, "Inception nnU-Net")[0] == Cell("50.00")


def test_a_class_without_any_number_has_no_row(tmp_path: Path) -> None:
    for name in ("A", "B"):
        submit(tmp_path, name, 0.5, classes={"gallstone": (None, None)})
    view = table("2", tmp_path)
    assert next(row.label for row in view.rows) == "Kidney stone"
    assert len(view.rows) == 7
    assert "Without a row, because no method has a number: gallstone." in view.notes
    assert not any(cell.text == UNDEFINED for row in view.rows for cell in row.cells)


def test_a_folder_of_everything(tmp_path: Path) -> None:
    """Results folders of two years, runs, an experiment whose runs are Table 4's, and litter, in and below it."""
    submit(tmp_path, "Here", 0.6)
    submit(tmp_path / "board" / "2025", "Below", 0.5)
    run(tmp_path / "runs" / "v2", "nnunet-v2", 0.4)
    transfer(tmp_path / "lits", "LiTS", {"Liver": (0.3, 0.5)})
    for part in ("scratch", "pretrained"):
        run(tmp_path / "lits" / part, "nnunet-resenc", 0.9)
    run(tmp_path / "@eaDir" / "v2", "mednext", 0.99)
    views, notes = own_tables(["2", "4"], tmp_path, None, organiser=KEY.public)
    assert views[0].groups == ("Below", "Here", "nnU-Net v2", "Average score")
    assert views[1].groups == ("MSWAL → LiTS",)
    assert not notes


def test_damaged_records_of_all_folders_are_told_at_once(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "below"):
        submit(place, "A", 0.5).write_text("{}", encoding="utf-8")
    run(tmp_path / "run", "nnunet-v2", 0.5).write_text("{", encoding="utf-8")
    with pytest.raises(BenchError) as raised:
        own_tables(["2"], tmp_path, None)
    assert len(raised.value.problems) == 3
    assert "nput" not in str(raised.value)


def test_methods_whose_names_look_the_same(tmp_path: Path) -> None:
    submit(tmp_path, "caf\xe9", 0.5)
    submit(tmp_path, "cafe\u0301", 0.4)
    assert set(table("2", tmp_path).groups[:2]) == {"caf\xe9 (composed)", "cafe\u0301 (decomposed)"}
