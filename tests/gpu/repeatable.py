"""Trains once for `small_trainings.py`, in a process that can be killed: says `done N` after each iteration."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .setting import Setting


def main() -> None:
    name, folder, device, *kind = sys.argv[1:]
    # Lines are for whoever may kill this process; what nnU-Net prints goes to its log.
    os.environ["nnUNet_compile"] = "false"  # noqa: SIM112
    from mswal_bench.baselines.processes import die_with_parent

    die_with_parent()
    from .small_trainings import train_repeatably

    train_repeatably(Setting(Path(folder), device, bool(kind)), name)


if __name__ == "__main__":
    main()
