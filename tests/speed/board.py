"""Ranking, verifying and building the board of many records, beside an earlier revision of this project.

    python -m mswal_bench.tests.speed.board REVISION [--out docs/benchmarks.md]

Both read the same folders of drawn records, by the command, in turns.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.benchmark.records.record_writing import record_json
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.runs.finished_goals import RECORD_FILE

from .earlier import CHECKOUT, earlier_revision
from .machine import describe_machine
from .many_records import TRACK, make_results
from .page import replace_section, table

_PROGRAM = "python -m mswal_bench.tests.speed.board"
_HEADING = "## The board of many records"
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_MAIN = "from mswal_bench.benchmark.cli.main import main; main()"
_COMMANDS = ("rank", "verify", "build")
_METHOD = """\
Drawn public records of {cases} cases (`tests/speed/many_records.py`). *rank*: `mswal-bench rank --format json`, which
tests neighbours and the best 25, where the earlier revision tested all pairs; *verify*: `results verify`; *build*:
`leaderboard build`. Every call was a process of its own on one thread, and its start counts. CPU seconds are of user
and system, memory is the most that the process held. The earlier revision was called only on as many records as have
numbers of it: its ranking of more takes hours. It read the same records without the digest of their own, which it does
not know. None was signed."""


@dataclass(frozen=True)
class _Call:
    """What a call took."""

    cpu_s: float
    peak_mib: float
    site_mib: float


def main() -> None:
    arguments = _arguments()
    machine = describe_machine()
    of_all = arguments.cache / f"records-{max(arguments.records)}-{arguments.cases}"
    make_results(of_all, max(arguments.records), arguments.cases)
    taken: dict[tuple[str, int, str], _Call] = {}
    with (
        earlier_revision(arguments.revision, arguments.cache) as paths,
        tempfile.TemporaryDirectory(prefix="mswal-board-", dir=arguments.cache) as folder,
    ):
        for records in arguments.records:
            theirs = Path(folder, f"results-{records}"), Path(folder, f"earlier-{records}")
            for results, is_sealed in zip(theirs, (True, False), strict=True):
                _link(of_all, results, records, is_sealed=is_sealed)
            for name in _COMMANDS:
                for who, path, results in zip(("this tree", arguments.revision), paths, theirs, strict=True):
                    if who != "this tree" and records > arguments.earlier_most:
                        continue
                    taken[name, records, who] = call = _call(name, path, results, Path(folder))
                    print(f"{name} {records}, {who}: {call}", file=sys.stderr, flush=True)
    text = _section(taken, arguments, machine)
    if arguments.out is None:
        print(text)
        return
    page = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
    write_text(arguments.out, replace_section(page, text))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("revision", help="what git calls the earlier revision")
    parser.add_argument("--out", type=Path, help=f"a page, whose section {_HEADING!r} is replaced  [default: print]")
    parser.add_argument("--cache", type=Path, default=CHECKOUT / "build" / "speed", help="where records are kept")
    parser.add_argument("--records", type=int, nargs="+", default=[100, 250, 500, 1000])
    parser.add_argument("--earlier-most", type=int, default=100, help="records on which the earlier one is called")
    parser.add_argument("--cases", type=int, default=210)
    return parser.parse_args()


def _link(results: Path, to: Path, records: int, *, is_sealed: bool) -> None:
    """Makes a results folder of some of the records, which are spread over all, with or without digests of their own:
    before there were any, a record that had one was refused."""
    folders = sorted((results / "records" / TRACK).iterdir())
    for folder in folders[:: len(folders) // records][:records]:
        there = to / "records" / TRACK / folder.name
        there.mkdir(parents=True)
        for file in folder.iterdir():
            if is_sealed or file.name != RECORD_FILE:
                (there / file.name).hardlink_to(file)
                continue
            record = ResultRecord.model_validate_json(file.read_bytes())
            (there / file.name).write_text(record_json(record.model_copy(update={"digest": None})), encoding="utf-8")


def _call(name: str, path: Path, results: Path, folder: Path) -> _Call:
    site = folder / f"site-{time.monotonic_ns()}"
    words = {
        "rank": ["rank", str(results), "--format", "json"],
        "verify": ["results", "verify", str(results)],
        "build": ["leaderboard", "build", str(results), "-o", str(site)],
    }[name]
    environment = os.environ | _ONE_THREAD | {"PYTHONPATH": str(path)}
    # A child's own use, of which getrusage tells this process only sums and the largest of all children.
    process = subprocess.Popen(
        [sys.executable, "-c", _MAIN, *words], env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{shlex.join(words)}: exit status {process.returncode}")
    size = sum(file.stat().st_size for file in site.rglob("*") if file.is_file())
    return _Call(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, size / 2**20)


def _section(taken: Mapping[tuple[str, int, str], _Call], arguments: argparse.Namespace, machine: list[str]) -> str:
    rows = []
    for (name, records, who), call in taken.items():
        ours = taken[name, records, "this tree"]
        row = [name, str(records), who, f"{call.cpu_s:.1f}", f"{call.peak_mib:.0f}"]
        row += [f"{call.site_mib:.1f}" if call.site_mib else ""]
        rows.append([*row, "" if call is ours else f"{ours.cpu_s / call.cpu_s:.3f}"])
    counted = ["--records", *map(str, arguments.records)]
    # Without the cache, whose place is nobody else's.
    about = [f"`{shlex.join([*_PROGRAM.split(), arguments.revision, *counted])}`", *machine]
    heads = ("command", "records", "revision", "CPU s", "peak MiB", "site MiB", "ours of the earlier")
    parts = [
        _HEADING,
        "\n".join(f"- {line}" for line in about),
        table(heads, rows),
        _METHOD.format(cases=arguments.cases),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
