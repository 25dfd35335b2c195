import json

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.dataset import open_dataset
from mswal_bench.benchmark.runs.tracks import SELECTIONS, Goal, Shard, Track, check_goal, folds_of, selection_of
from mswal_bench.splits import five_folds


@pytest.fixture
def make_dataset(tmp_path):
    """A data set of empty files: so many training and test cases."""

    def make(train: int, test: int):
        for subset, prefix, count in (("Tr", "C", train), ("Ts", "T", test)):
            for folder, channel in (("images", "_0000"), ("labels", "")):
                (tmp_path / f"{folder}{subset}").mkdir()
                for case in range(count):
                    (tmp_path / f"{folder}{subset}" / f"{prefix}{case:02}{channel}.nii.gz").touch()
        content = {"labels": {"background": 0}, "numTraining": train, "file_ending": ".nii.gz"}
        (tmp_path / "dataset.json").write_text(json.dumps(content))
        return open_dataset(tmp_path)

    return make


def test_every_training_case_is_predicted_once_by_the_fold_that_never_saw_it(make_dataset):
    dataset = make_dataset(13, 2)
    goal = Goal(dataset, Track.PUBLIC_CV, "all")
    folds = five_folds(dataset.train)
    predicted = []
    for share in goal.shares:
        (fold,) = share.folds
        assert not set(share.images) & set(folds[fold].train)
        predicted += share.images
    assert sorted(predicted) == list(dataset.train) == list(goal.cases)
    assert goal.labels == dataset.root / "labelsTr"
    assert goal.references == dataset.train


def test_of_one_fold_only_what_it_held_out(make_dataset):
    dataset = make_dataset(13, 2)
    goal = Goal(dataset, Track.PUBLIC_CV, "2")
    assert goal.folds == (2,)
    assert goal.cases == five_folds(dataset.train)[2].validation
    assert list(goal.references) == list(goal.cases)
    assert goal.title == "public-cv of fold 2 alone"


def test_test_images_are_predicted_by_the_ensemble(make_dataset):
    dataset = make_dataset(5, 3)
    (share,) = Goal(dataset, Track.OFFICIAL_TEST, "all").shares
    assert share.folds == (0, 1, 2, 3, 4)
    assert share.images == {case.id: case.image for case in dataset.test.values()}
    assert Goal(dataset, Track.OFFICIAL_TEST, "3").shares[0].folds == (3,)


def test_outcomes_never_share_a_folder_and_out_of_fold_predictions_do(make_dataset):
    dataset = make_dataset(5, 1)
    goals = [Goal(dataset, track, selection) for track in Track for selection in SELECTIONS]
    assert len({goal.name for goal in goals}) == len(goals) == 12
    assert {goal.predictions for goal in goals if goal.track is Track.PUBLIC_CV} == {"public-cv"}
    assert len({goal.predictions for goal in goals}) == 7


@pytest.mark.parametrize(("parts", "sizes"), [(0, [3]), (1, [3]), (2, [2, 1]), (3, [1, 1, 1]), (9, [1, 1, 1])])
def test_a_share_is_cut_into_parts_that_make_it_up(make_dataset, parts, sizes):
    (share,) = Goal(make_dataset(5, 3), Track.OFFICIAL_TEST, "all").shares
    cut = share.cut(parts)
    assert [len(part.images) for part in cut] == sizes
    assert {case: path for part in cut for case, path in part.images.items()} == share.images
    assert {part.folds for part in cut} == {share.folds}
    assert len({part.name for part in cut}) == len(cut)


def test_without_test_images_the_other_track_is_pointed_at(make_dataset):
    dataset = make_dataset(5, 0)
    check_goal(Goal(dataset, Track.PUBLIC_CV, "all"))
    with pytest.raises(BenchError, match=r"there is no test image to predict.*--track public-cv"):
        check_goal(Goal(dataset, Track.OFFICIAL_TEST, "all"))


def test_fewer_training_cases_than_folds_are_refused(make_dataset):
    with pytest.raises(BenchError, match=r"too few training cases: expected 5 or more, to cut into folds, found 4"):
        check_goal(Goal(make_dataset(4, 1), Track.OFFICIAL_TEST, "all"))


@pytest.mark.parametrize(
    ("asked", "folds", "selection"),
    [
        ("0", (0,), "0"),
        ("all", (0, 1, 2, 3, 4), "all"),
        ("0,1", (0, 1), "0,1"),
        ("3,1", (1, 3), "1,3"),
        ("4,3,2,1,0", (0, 1, 2, 3, 4), "all"),
    ],
)
def test_several_folds(asked, folds, selection):
    assert folds_of(asked) == folds
    assert selection_of(folds_of(asked)) == selection


@pytest.mark.parametrize("asked", ["", "5", "0,", "0,0", "all,1", "-1", "0-1", "0;1"])
def test_no_selection_of_folds(asked):
    with pytest.raises(ValueError, match=r"invalid literal|no selection"):
        folds_of(asked)


def test_several_folds_have_an_outcome_of_their_own(make_dataset):
    dataset = make_dataset(13, 2)
    goal = Goal(dataset, Track.PUBLIC_CV, "1,3")
    folds = five_folds(dataset.train)
    assert (goal.name, goal.predictions) == ("public-cv-fold-1-3", "public-cv")
    assert goal.title == "public-cv of folds 1, 3 alone"
    assert goal.cases == tuple(sorted((*folds[1].validation, *folds[3].validation)))
    assert Goal(dataset, Track.OFFICIAL_TEST, "1,3").shares[0].folds == (1, 3)


@pytest.mark.parametrize(
    ("track", "train", "test"), [("public-cv", 13, 1), ("public-cv", 5, 1), ("official-test", 5, 7)]
)
@pytest.mark.parametrize("of", [1, 3, 4, 9])
def test_shards_are_alike_and_together_all(make_dataset, track, train, test, of):
    goal = Goal(make_dataset(train, test), Track(track), "all")
    shards = [goal.shard(Shard(number, of)) for number in range(1, of + 1)]
    predicted = [case for shard in shards for share in shard for case in share.images]
    assert sorted(predicted) == list(goal.cases)
    sizes = [sum(len(share.images) for share in shard) for shard in shards]
    assert max(sizes) - min(sizes) <= 1
    by_fold = {case: share.folds for share in goal.shares for case in share.images}
    assert all(share.folds == by_fold[case] for shard in shards for share in shard for case in share.images)
