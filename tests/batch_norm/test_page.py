"""The section that says what re-estimated statistics change."""

from mswal_bench.tests.batch_norm.page import Counted, Setup, missed, section

SETUP = Setup("python -m this WORK", 500, 100, 40, 4, (32, 32, 16), 50, ["a machine"])


def counted(seed: int, voxels: int, dsc: float = 20) -> Counted:
    return Counted(seed, 1000, 4000, voxels, 10, dsc)


def test_the_table_has_a_row_for_each_seed_and_their_mean():
    text = section([counted(1, 1100), counted(2, 750, 30)], SETUP)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    assert rows[2:] == [
        ["1", "1,000", "4,000 (+300%)", "1,100 (+10%)", "10.00", "20.00"],
        ["2", "1,000", "4,000 (+300%)", "750 (-25%)", "10.00", "30.00"],
        ["mean", "", "", "", "10.00", "25.00"],
    ]
    assert "With re-estimated statistics, the voxels are within 25% of training mode's for every seed." in text
    assert "`python -m this WORK`" in text
    assert "(batches of 4 patches of 32 x 32 x 16 voxels) was trained for 500 iterations on 100" in " ".join(
        text.split()
    )
    assert "Then the same 200 patches" in " ".join(text.split())


def test_seeds_that_miss_the_limit_are_named():
    found = [counted(1, 1250), counted(2, 749), counted(3, 1251)]
    assert missed(found) == [2, 3]
    assert "within 25% of training mode's for every seed except 2, 3." in section(found, SETUP)
    assert missed([Counted(1, 0, 5, 0, 10, 10), Counted(2, 0, 5, 1, 10, 10)]) == [2]
