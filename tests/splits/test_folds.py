import pytest

from mswal_bench.splits import five_folds

CASES = [f"CASE_{number:04d}" for number in range(484)]


@pytest.mark.parametrize("count", [5, 6, 9, 12, 24, 484])
def test_same_as_nnunet(count):
    nnunet = pytest.importorskip("nnunetv2.utilities.crossval_split")
    theirs = nnunet.generate_crossval_split(CASES[:count], seed=12345, n_splits=5)
    ours = five_folds(CASES[:count])
    assert [(list(fold.train), list(fold.validation)) for fold in ours] == [
        ([str(case) for case in fold["train"]], [str(case) for case in fold["val"]]) for fold in theirs
    ]


def test_known_answer():
    assert [fold.validation for fold in five_folds("abcdefg")] == [
        ("d", "g"), ("a", "e"), ("b",), ("f",), ("c",),
    ]  # fmt: skip


def test_every_case_is_held_out_once_whatever_the_order():
    folds = five_folds(reversed(CASES))
    assert folds == five_folds(CASES)
    held_out = [case for fold in folds for case in fold.validation]
    assert sorted(held_out) == CASES
    assert all(not set(fold.train) & set(fold.validation) for fold in folds)


def test_refuses_too_few_and_doubled():
    with pytest.raises(ValueError, match="at least 5 training cases, found 4"):
        five_folds("abcd")
    with pytest.raises(ValueError, match="given twice"):
        five_folds("abcdea")
