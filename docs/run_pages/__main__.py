"""Runs `python -m mswal_bench.docs.run_pages`."""

import sys

from .outputs import main

if __name__ == "__main__":
    sys.exit(main())
