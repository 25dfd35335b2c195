"""Writes what was measured as a section of `docs/concepts/batch-norm.md`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from textwrap import fill

from mswal_bench.tests.speed.page import table

HEADING = "## What was measured"
LIMIT = 0.25
"""By how much the voxels predicted in evaluation mode may differ from those in training mode."""
_WIDTH = 120
_HEADS = ("seed", "training mode", "running", "re-estimated", "running, DSC", "re-estimated, DSC")
_TEXT = """\
By `{command}`: the demo's `inception-nnunet` (batches of {batch_size} patches of {patch} voxels) was
trained for {iterations:,} iterations on {train} phantom cases, once for each seed. Then the same {patches} patches
were predicted three times: in training mode, where every batch is normalised by its own mean and variance, and in
evaluation mode with either statistics. The patches are of cases held out, each case as probable as the others, and
lie in them as in training. The table has the voxels predicted as any lesion, and in brackets how far that is from
training mode. *DSC* is the mean over the lesion types of {test} test cases, predicted as `predict` does, in percent.
Both statistics are of one training, with the same weights."""


@dataclass(frozen=True)
class Counted:
    """One training, in the two modes of the network and with both statistics."""

    seed: int
    train_voxels: int
    """Predicted as any lesion in training mode, where every batch is normalised by its own mean and variance."""
    running_voxels: int
    """The same patches in evaluation mode, with the running statistics."""
    re_estimated_voxels: int
    running_dsc: float
    """Mean DSC of the test cases over the lesion types, in percent."""
    re_estimated_dsc: float


@dataclass(frozen=True)
class Setup:
    """What was trained on how much, and counted on how many batches."""

    command: str
    iterations: int
    train: int
    test: int
    batch_size: int
    patch: Sequence[int]
    """Sides in voxels."""
    batches: int
    machine: Sequence[str]


def section(counted: Sequence[Counted], setup: Setup) -> str:
    """The text under the heading, itself included."""
    rows = [
        (
            str(each.seed),
            f"{each.train_voxels:,}",
            _beside(each.running_voxels, each.train_voxels),
            _beside(each.re_estimated_voxels, each.train_voxels),
            f"{each.running_dsc:.2f}",
            f"{each.re_estimated_dsc:.2f}",
        )
        for each in counted
    ]
    before, after = (mean(dsc) for dsc in zip(*((c.running_dsc, c.re_estimated_dsc) for c in counted), strict=True))
    rows.append(("mean", "", "", "", f"{before:.2f}", f"{after:.2f}"))
    text = _TEXT.format(
        command=setup.command,
        iterations=setup.iterations,
        train=setup.train,
        test=setup.test,
        batch_size=setup.batch_size,
        patch=" x ".join(map(str, setup.patch)),
        patches=setup.batches * setup.batch_size,
    )
    text = fill(text, _WIDTH, break_on_hyphens=False, break_long_words=False)
    wrong = missed(counted)
    outcome = f"With re-estimated statistics, the voxels are within {LIMIT:.0%} of training mode's for every seed"
    outcome += f" except {', '.join(map(str, wrong))}." if wrong else "."
    machine = "\n".join(f"- {line}" for line in setup.machine)
    return "\n\n".join([HEADING, machine, text, table(_HEADS, rows), outcome]) + "\n"


def missed(counted: Sequence[Counted]) -> list[int]:
    """The seeds whose re-estimated statistics miss the limit; without a voxel in training mode, all others do."""
    return [
        each.seed for each in counted if abs(each.re_estimated_voxels - each.train_voxels) > LIMIT * each.train_voxels
    ]


def _beside(voxels: int, of: int) -> str:
    return f"{voxels:,} ({voxels / of - 1:+.0%})" if of else f"{voxels:,}"
