import pytest

from mswal_bench.splits import SplitError, load_split
from mswal_bench.splits.eight_to_two import KITS_CASES, LITS_CASES, eight_to_two


@pytest.mark.parametrize(("name", "cases"), [("lits", LITS_CASES), ("kits", KITS_CASES)])
def test_the_files_are_what_the_rule_makes(name, cases):
    assert load_split(name) == eight_to_two(name, cases)


@pytest.mark.parametrize(
    ("name", "train", "test", "digest"),
    [
        ("lits", 105, 26, "sha256:7bcb0d879614b44151d34b47a3bba3bedbbf6ea0a082253cad59b024195efb16"),
        ("kits", 391, 98, "sha256:c1b861f7106c87caeb19e58d13e5f5227dd50cc062a1ad323ea693b60cbecf7c"),
    ],
)
def test_fixed_for_good(name, train, test, digest):
    split = load_split(name)
    assert (len(split.train), len(split.test)) == (train, test)
    assert split.digest == digest


def test_the_cases_are_the_public_ones():
    assert (len(LITS_CASES), LITS_CASES[0], LITS_CASES[-1]) == (131, "LITS_000", "LITS_130")
    assert (len(KITS_CASES), KITS_CASES[0], KITS_CASES[-1]) == (489, "case_00000", "case_00588")
    assert not [case for case in KITS_CASES if "case_00300" <= case < "case_00400"]


def test_the_order_of_the_cases_does_not_matter():
    assert eight_to_two("x", reversed(LITS_CASES)) == eight_to_two("x", LITS_CASES)


@pytest.mark.parametrize(("count", "train"), [(0, 0), (1, 1), (2, 2), (5, 4), (10, 8), (131, 105)])
def test_eight_tenths_train(count, train):
    split = eight_to_two("x", [str(number) for number in range(count)])
    assert (len(split.train), len(split.test)) == (train, count - train)


def test_refuses_a_case_given_twice():
    with pytest.raises(SplitError, match="more than once: a"):
        eight_to_two("x", ["a", "b", "a"])
