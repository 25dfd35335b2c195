"""`python -m mswal_bench` is `mswal-bench`."""

from .benchmark.cli.main import main

main()
