"""Checks all methods on a GPU at full size within ten minutes, without network; `--device cpu --small` tries it out.

    python -m mswal_bench.tests.gpu [--out docs/benchmarks.md] [--minutes 10] [--method NAME]

Prints a section for `docs/benchmarks.md`, or writes it there. A part that fails is a line of the section, and the exit
code 1; the other parts go on.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import time
from pathlib import Path

from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.tests.speed.machine import describe_machine
from mswal_bench.tests.speed.page import replace_section

from .device import describe_device
from .page import HEADINGS, section
from .part_process import do_part
from .parts import Outcome, all_methods, parts
from .setting import Setting, tell

_PROGRAM = "python -m mswal_bench.tests.gpu"


def main() -> None:
    arguments = _arguments()
    ends = time.monotonic() + 60 * arguments.minutes
    tell(f"checking {arguments.device} for at most {arguments.minutes:g} minutes; importing torch comes first")
    try:
        about = [f"`{arguments.command}`", *describe_device(arguments.device), *describe_machine()]
    except RuntimeError as error:
        sys.exit(f"gpu-check: {error}")
    for line in about:
        tell(line)
    listed = parts(arguments.method or all_methods(), arguments.device)
    with tempfile.TemporaryDirectory(prefix="gpu-check-", dir=arguments.folder) as folder:
        setting = Setting(Path(folder), arguments.device, arguments.small)
        outcomes: list[Outcome] = []
        for number, part in enumerate(listed, 1):
            left_s = ends - time.monotonic()
            tell(f"part {number} of {len(listed)}, {part.name}: {max(left_s, 0):.0f} s are left")
            outcome = do_part(part, setting, left_s, {each.part.name: each.state for each in outcomes})
            tell(f"{part.name}: {outcome.state} after {outcome.wall_s:.0f} s {outcome.sentence}".rstrip())
            outcomes.append(outcome)
        text = section(
            outcomes, setting.device, about, setting.shape, setting.spacing_mm, small=setting.small
        )  # fmt: skip
    if arguments.out is None:
        print(text)
    else:
        page = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
        write_text(arguments.out, replace_section(page, text))
        tell(f"wrote the section {HEADINGS[setting.device]!r} of {arguments.out}")
    failed = [outcome.part.name for outcome in outcomes if outcome.state == "failed"]
    if failed:
        sys.exit(f"gpu-check: failed: {', '.join(failed)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help="a page, whose section is replaced  [default: print]")
    parser.add_argument("--device", choices=list(HEADINGS), default="cuda")
    parser.add_argument("--small", action="store_true", help="to try things out: networks and grids of the smoke test")
    parser.add_argument("--minutes", type=float, default=10, help="for all parts together  [default: 10]")
    parser.add_argument(
        "--method", action="append", choices=all_methods(), help="just this method; can be repeated  [default: all]"
    )
    parser.add_argument("--folder", type=Path, help="where files lie meanwhile, a few GB  [default: the system's]")
    parser.add_argument("--command", default=f"{_PROGRAM} {shlex.join(sys.argv[1:])}".strip(), help=argparse.SUPPRESS)
    return parser.parse_args()
