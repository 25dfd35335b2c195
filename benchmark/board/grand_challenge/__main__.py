"""Runs in the container: `python -m mswal_bench.benchmark.board.grand_challenge`."""

from __future__ import annotations

import sys

from mswal_bench.benchmark.core.errors import BenchError

from .configuration import configuration
from .evaluate_jobs import evaluate_jobs


def main() -> int:
    """0 with `metrics.json` written, else 1 with the reasons on stderr: the platform shows its last line."""
    try:
        evaluate_jobs(configuration())
    except BenchError as error:
        for problem in error.problems:
            print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
