"""The runs that these tests predict with, and a hub's library that knows of no login."""

from mswal_bench.tests.benchmark.data.download.conftest import nobody
from mswal_bench.tests.benchmark.runs.conftest import finished, finished_by, raw, work

__all__ = ["finished", "finished_by", "nobody", "raw", "work"]
