"""`python -m mswal_bench` is `mswal-bench`."""

from .benchmark.cli.entry import run

run()
