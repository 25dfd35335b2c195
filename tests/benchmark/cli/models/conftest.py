"""A library of the hub that knows of no login."""

from mswal_bench.tests.benchmark.data.download.conftest import nobody

__all__ = ["nobody"]
