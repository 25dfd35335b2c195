"""Times as SLURM takes them."""

import pytest

from mswal_bench.benchmark.jobs.slurm_time import minutes_of


@pytest.mark.parametrize(
    ("time", "minutes"),
    [
        ("90", 90),
        ("30:00", 30),
        ("0:30", 1),
        ("24:00:00", 24 * 60),
        ("00:00:61", 2),
        ("2-00", 48 * 60),
        ("1-01:30", 25 * 60 + 30),
        ("2-12:00:00", 60 * 60),
        (" 5 ", 5),
        (7, 7),
    ],
)
def test_times_are_as_sbatch_takes_them(time, minutes):
    assert minutes_of(time) == minutes


@pytest.mark.parametrize("time", ["", "soon", "-1", "1:2:3:4", "2-", "1.5", "1 h"])
def test_other_times_are_refused(time):
    with pytest.raises(ValueError, match="a time as sbatch takes it"):
        minutes_of(time)
