"""Asks one tool all questions, in this process: `python -m mswal_bench.tests.other_tools.ask of_medpy FILE`.

FILE becomes a JSON object of answers. Tools print and warn, so the answers are not printed.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from importlib import import_module
from pathlib import Path


def main() -> None:
    module, out = sys.argv[1:]
    warnings.simplefilter("ignore")
    logging.disable()
    answers = import_module(f"{__package__}.{module}").answers()
    Path(out).write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
