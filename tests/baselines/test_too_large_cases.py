"""What is told of cases that do not fit into memory."""

import pytest

pytest.importorskip("psutil")

from mswal_bench.baselines import worker_memory
from mswal_bench.baselines.method import MethodError
from mswal_bench.baselines.too_large_cases import refuse_too_large
from mswal_bench.baselines.worker_memory import GB

NEEDS = {"a": 3.0 * GB, "b": 5.21 * GB, "c": 4.9 * GB, "d": 6 * GB, "e": 6 * GB}
MEND = "Use a machine or a job with more memory, or give `--memory` (in Python `memory_gb`) where it is known to be enough."  # noqa: E501


@pytest.fixture
def free(monkeypatch):
    def have(gigabytes, *groups):
        monkeypatch.setattr(worker_memory, "free_memory", lambda: int(gigabytes * GB))
        monkeypatch.setattr(worker_memory, "allowed_memory", lambda: iter([int(group * GB) for group in groups]))
        monkeypatch.setattr(worker_memory, "held_memory", lambda: GB // 2)

    return have


def told(needs, memory_bytes=None):
    with pytest.raises(MethodError) as caught:
        refuse_too_large(needs, memory_bytes)
    return str(caught.value)


def test_what_fits_is_not_refused(free):
    free(6)
    refuse_too_large(NEEDS, None)
    refuse_too_large({}, None)
    free(0)
    refuse_too_large(NEEDS, 7 * GB)
    refuse_too_large({}, 1)


def test_all_are_told_in_a_sentence(free):
    free(5)
    assert told({case: NEEDS[case] for case in "abd"}) == (
        "By estimate, 2 of 3 cases need more memory to be prepared than there is (d about 6.0 GB, b "
        f"about 5.2 GB): 5.0 GB are free. {MEND}"
    )


def test_of_many_the_largest_are_named(free):
    free(4, 4)
    assert told(NEEDS) == (
        "By estimate, 4 of 5 cases need more memory to be prepared than there is (the largest are d "
        "about 6.0 GB, e about 6.0 GB, b about 5.2 GB): 4.0 GB are left by the control group of this container or job. "
        f"{MEND}"
    )


def test_of_memory_that_was_given(free):
    free(64)
    assert told({"a": NEEDS["a"]}, 3 * GB) == (
        "By estimate, 1 of 1 cases needs more memory to be prepared than there is (a about 3.0 GB): of "
        f"the 3.0 GB that were given this process holds 0.5 GB. {MEND}"
    )
