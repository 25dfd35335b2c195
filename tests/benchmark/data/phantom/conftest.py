"""Tiny cases that several tests look at, drawn once."""

from __future__ import annotations

import pytest

from mswal_bench.benchmark.data.phantom.case import PhantomCase, make_case

# The demo's, and those with the most lesions and the largest ones of this cohort.
SLOTS = (*range(1, 13), *range(485, 491), 370, 305, 544, 233)


@pytest.fixture(scope="session")
def tiny_cases() -> tuple[PhantomCase, ...]:
    return tuple(make_case(0, slot, "tiny") for slot in SLOTS)
