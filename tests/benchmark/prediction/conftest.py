"""The runs that these tests predict with."""

from mswal_bench.tests.benchmark.runs.conftest import finished, finished_by, raw, work

__all__ = ["finished", "finished_by", "raw", "work"]
