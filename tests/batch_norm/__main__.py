"""Measures what re-estimated statistics of batch normalisation change.

    python -m mswal_bench.tests.batch_norm WORK [--out docs/concepts/batch-norm.md]

Trains the demo's Inception nnU-Net in the folder WORK, with three seeds, and prints a section for
`docs/concepts/batch-norm.md`, or writes it there. Called again, it goes on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mswal_bench.baselines.method import Budget
from mswal_bench.benchmark.core.whole_files import write_text
from mswal_bench.tests.speed.machine import describe_machine
from mswal_bench.tests.speed.page import replace_section

from .page import HEADING, Setup, missed, section

_PROGRAM = "python -m mswal_bench.tests.batch_norm"


def main() -> None:
    """Measures, and prints or writes; exits with 1 where a limit is missed."""
    arguments = _arguments()
    from .measured import PATCH_BATCHES, TEST, TRAIN, demo_method, measure

    machine = describe_machine()
    say = lambda what: print(what, file=sys.stderr, flush=True)  # noqa: E731
    method = demo_method(arguments.epochs)
    counted = measure(method, arguments.work, arguments.seeds, say)
    recipe = method.recipes[Budget.DEMO]
    batch_size, patch = recipe.plan.batch_size, recipe.plan.patch
    if batch_size is None or patch is None:
        raise TypeError("the demo's recipe leaves its patches to nnU-Net's planning")
    setup = Setup(
        command=f"{_PROGRAM} WORK" + (f" --epochs {arguments.epochs}" if arguments.epochs else ""),
        iterations=recipe.training.epochs * recipe.training.iterations_per_epoch,
        train=TRAIN,
        test=TEST,
        batch_size=batch_size,
        patch=patch,
        batches=PATCH_BATCHES,
        machine=machine,
    )
    text = section(counted, setup)
    if arguments.out is None:
        print(text)
    else:
        write_text(arguments.out, replace_section(arguments.out.read_text(encoding="utf-8"), text))
    sys.exit(bool(missed(counted)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("work", type=Path, help="a folder that keeps the data, the trainings and the predictions")
    parser.add_argument("--out", type=Path, help=f"a page, whose section {HEADING!r} is replaced  [default: print]")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, help="default: those of the demo's recipe")
    return parser.parse_args()


if __name__ == "__main__":
    main()
