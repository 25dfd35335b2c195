"""Attacks the labels of a phantom hidden track through what is published of submissions.

    python -m mswal_bench.tests.attack [--out docs/concepts/hidden-tracks.md]

Prints a section for `docs/concepts/hidden-tracks.md`, or writes it there and the figure beside it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.tests.speed.page import replace_section

from .measured import measure
from .page import HEADING, draw, section

_PROGRAM = "python -m mswal_bench.tests.attack"


def main() -> None:
    """Measures, and prints or writes."""
    arguments = _arguments()
    measured = measure(arguments.tracks, lambda what: print(what, file=sys.stderr, flush=True))
    text = section(measured, _PROGRAM)
    if arguments.out is None:
        print(text)
        return
    page = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
    write_text(arguments.out, replace_section(page, text))
    draw(measured, arguments.out.with_suffix(".png"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help=f"a page, whose section {HEADING!r} is replaced  [default: print]")
    parser.add_argument("--tracks", type=int, default=5, help="attacked by the ladder, for each kind of attacker")
    return parser.parse_args()


if __name__ == "__main__":
    main()
