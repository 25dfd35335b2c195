"""Runs `python -m mswal_bench.tests.release`."""

from .check import main

if __name__ == "__main__":
    main()
