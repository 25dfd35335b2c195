"""Runs `python -m mswal_bench.tests.gpu`."""

from .check import main

if __name__ == "__main__":
    main()
