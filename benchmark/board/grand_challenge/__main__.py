"""Starts the evaluation in the container: `python -m mswal_bench.benchmark.board.grand_challenge`."""

from __future__ import annotations

import sys

from mswal_bench.benchmark.core.errors import BenchError

from .configuration import configuration
from .evaluate_jobs import evaluate_jobs


def main() -> int:
    """Evaluates all jobs. Returns 0 with `metrics.json` written, or 1 with the reasons on stderr.

    The platform shows the last line of stderr.
    """
    try:
        evaluate_jobs(configuration())
    except BenchError as error:
        for problem in error.problems:
            print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
