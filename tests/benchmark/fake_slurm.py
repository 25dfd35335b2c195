"""Puts commands with the names of SLURM's on PATH, which answer as a test wants and keep what they were called with."""

from __future__ import annotations

from pathlib import Path

from mswal_bench.benchmark.jobs import slurm

_SBATCH = """
if [ -e $here/refusal ]; then cat $here/refusal >&2; exit 1; fi
number=$(($(ls $here/scripts | wc -l) + 1))
cp "$1" $here/scripts/$number
echo "Submitted batch job $number"
"""
_SQUEUE = """
case "$*" in
*--job*) head -n 1 $here/states; [ $(wc -l < $here/states) -gt 1 ] && sed -i 1d $here/states; exit 0 ;;
*) cat $here/rows ;;
esac
"""
_SCONTROL = """
case "$*" in *config*) cat $here/config ;; *partition*) cat $here/partitions ;; esac
"""


class FakeSlurm:
    """A cluster that runs nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "scripts").mkdir(parents=True)
        (folder / "bin").mkdir()
        answers = {"sbatch": _SBATCH, "squeue": _SQUEUE, "scontrol": _SCONTROL, "scancel": "", "srun": ""}
        for name, answer in answers.items():
            command = folder / "bin" / name
            command.write_text(f'#!/bin/sh\nhere={folder}\necho "{name} $*" >> $here/calls\n{answer}')
            command.chmod(0o755)
        self.knows()
        self.limits()
        self.answers_states("RUNNING")

    @property
    def commands(self) -> Path:
        """The folder to be on PATH."""
        return self._folder / "bin"

    @property
    def calls(self) -> list[str]:
        """Every call, as it was typed."""
        path = self._folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def scripts(self) -> dict[str, str]:
        """What was queued, by the job's number."""
        numbers = sorted(int(path.name) for path in (self._folder / "scripts").iterdir())
        return {str(number): (self._folder / "scripts" / str(number)).read_text() for number in numbers}

    def option(self, job: str, name: str) -> str | None:
        """What a script asks of sbatch; empty for an option without a value."""
        for line in self.scripts[job].splitlines():
            found, _, value = line.removeprefix("#SBATCH --").partition("=")
            if line.startswith("#SBATCH") and found == name:
                return value.strip("'")
        return None

    def knows(self, *rows: str) -> None:
        """The rows that squeue prints from now on."""
        (self._folder / "rows").write_text("".join(f"{row}\n" for row in rows))

    def limits(self, largest_array: int = 1001, partitions: str = "") -> None:
        (self._folder / "config").write_text(f"MaxArraySize            = {largest_array}\nMaxJobCount = 10000\n")
        (self._folder / "partitions").write_text(partitions)

    def answers_states(self, *states: str) -> None:
        """What squeue says of a single job, call by call; the last one for good."""
        (self._folder / "states").write_text("".join(f"{state}\n" for state in states))

    def refuses(self, sentence: str | None) -> None:
        path = self._folder / "refusal"
        path.unlink(missing_ok=True)
        if sentence is not None:
            path.write_text(f"sbatch: error: {sentence}\n")


def row(
    job: str,
    state: str,
    reason: str = "None",
    *,
    index: int | None = None,
    name: str = "other",
    nodes: str = "",
    since: str = "N/A",
    restarts: int = 0,
) -> str:
    """A line of squeue's; without an index of a job that is no array."""
    # The raw number of an array's task is another than the one it is called by.
    raw = job if index is None else str(int(job) + 500 + index)
    task = "N/A" if index is None else str(index)
    fields = [job, task, raw, name, state, reason, nodes, since, str(restarts)]
    # squeue cuts at the width, too.
    return "".join(field[:width].ljust(width) for field, width in zip(fields, slurm._COLUMNS.values(), strict=True))
