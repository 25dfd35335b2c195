"""Makes the check's section of `docs/benchmarks.md` of what came of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mswal_bench.tests.speed.page import table

from .bounds import LARGEST_DIFFERENCE, LARGEST_MIXED_DIFFERENCE, LARGEST_SHARE, TIMES_APART
from .parts import Outcome, compiled_name

HEADINGS = {"cuda": "## On a GPU", "cpu": "## The check of a GPU, tried on a CPU"}
_TRAINING = (
    "method", "patch", "batch", "parameters", "iterations/s", "compiled", "first iterations s", "peak MiB",
    "compiled, MiB", "J an iteration", "compiled, J",
)  # fmt: skip
_AGREEMENT = ("method", "patch", "float32", "mixed precision")
_PLANNED = ", as the fidelity cards\nhave it: MSWAL's own fingerprint was not at hand, and may plan other patches"
_METHOD = """\
Networks and patches are those of the {budget} configurations, planned by each method's own planner
for volumes of {shape} voxels of {spacing} mm{planned}.
Training patches are cut around lesions of a case of the phantom, on its own grid, and lie in memory: loading and
augmentation are not in it. Each part is a process of its own, and has a limit.

- *training*: iterations of the method's own trainer, {precision}, optimiser's step included, after the first ones,
  which choose convolutions and compile. *peak*: of {memory}.
  *J*: by the GPU's counter, the GPU as a whole.
- *logits*: the same network and patch on CPU and device, the largest difference in units of the logits' standard
  deviation: in float32 without TF32 at most {logits:g}, in mixed precision, from the CPU's float32, at most {mixed:g}.
- *label maps*: nnU-Net v2 as in the demo, trained for a short while on the device, predicts volumes of the phantom on
  both, in mixed precision on the GPU; at most {share:.0%} of the foreground voxels may have another label.
- *resumed*: a training of two epochs is killed in its second and goes on; cuDNN is deterministic, one process loads
  patches. Its weights may differ from those of an undisturbed training by {times} times what a second undisturbed one
  does: not in one bit where these are equal.
- *whole volume*: from the file of the image to that of its label map, one fold with random weights and a background
  that wins in all but about 2 % of the voxels."""


def section(
    outcomes: Sequence[Outcome], device: str, about: Sequence[str], shape: Sequence[int], spacing_mm: Sequence[float],
    *, small: bool,
) -> str:  # fmt: skip
    """The text under the heading, itself included. `shape` and `spacing_mm` (z, y, x) are what is planned for."""
    by_name = {outcome.part.name: outcome for outcome in outcomes}
    parts = [HEADINGS[device], "\n".join(f"- {line}" for line in about), _result(outcomes)]
    trained = [each for each in outcomes if "seconds" in each.numbers and not each.part.arguments.get("compiled")]
    if trained:
        parts += ["### Training", table(_TRAINING, [_training_row(each, by_name) for each in trained])]
    compared = [each for each in trained if "differences" in each.numbers]
    if compared:
        parts += ["### Logits of CPU and device", table(_AGREEMENT, [_agreement_row(each) for each in compared])]
    told = [
        sentence(by_name[name].numbers)
        for name, sentence in (("whole volume", _whole), ("label maps", _labels), ("resumed training", _resumed))
        if name in by_name and by_name[name].numbers
    ]
    if told:
        parts += ["### Prediction, and a training that was killed", "\n".join(f"- {each}" for each in told)]
    method = _METHOD.format(
        budget="smoke test's" if small else "`paper`",
        shape=_sides(shape),
        planned="" if small else _PLANNED,
        spacing=" x ".join(f"{mm:g}" for mm in spacing_mm),
        precision="mixed precision" if device == "cuda" else "float32",
        memory="the GPU, as held by torch or told by the driver" if device == "cuda" else "the process's resident set",
        logits=LARGEST_DIFFERENCE,
        mixed=LARGEST_MIXED_DIFFERENCE,
        share=LARGEST_SHARE,
        times=TIMES_APART,
    )
    seconds = [[each.part.name, each.state, f"{each.wall_s:.0f}", f"{each.part.limit_s:.0f}"] for each in outcomes]
    parts += ["### How it was checked", method, table(("part", "state", "seconds", "limit"), seconds)]
    return "\n\n".join(parts) + "\n"


def _result(outcomes: Sequence[Outcome]) -> str:
    """What failed and what is missing, in a line each; or that all is well."""
    lines = [
        f"- **{outcome.part.name}**: {outcome.state}: {' '.join(outcome.sentence.split())}"
        for outcome in outcomes
        if outcome.state != "done"
    ]
    failed = sum(outcome.state == "failed" for outcome in outcomes)
    done = sum(outcome.state == "done" for outcome in outcomes)
    first = f"{done} of {len(outcomes)} parts are done and within their bounds, {failed} failed."
    return "\n\n".join([first, *(["\n".join(lines)] if lines else [])])


def _training_row(outcome: Outcome, by_name: Mapping[str, Outcome]) -> list[str]:
    name, plain = outcome.part.name, outcome.numbers
    compiled = by_name.get(compiled_name(name))
    numbers = compiled.numbers if compiled is not None and "seconds" in compiled.numbers else None
    return [
        name,
        _sides(plain["patch"]),
        str(plain["batch_size"]),
        f"{plain['parameters'] / 1e6:.2f} M",
        _rate(plain),
        _rate(numbers) if numbers else "" if compiled is None else compiled.state,
        f"{plain['warm_up_s']:.1f}" + (f"; compiled {numbers['warm_up_s']:.1f}" if numbers else ""),
        _number(plain["peak_mib"]),
        _number(numbers["peak_mib"]) if numbers else "",
        _number(plain["joules"]),
        _number(numbers["joules"]) if numbers else "",
    ]


def _agreement_row(outcome: Outcome) -> list[str]:
    found = outcome.numbers["differences"]
    mixed = "" if found["mixed"] is None else f"{found['mixed']:.1e}"
    return [outcome.part.name, _sides(found["patch"]), f"{found['float32']:.1e}", mixed]


def _whole(numbers: Mapping[str, Any]) -> str:
    waited = numbers["waited_s"] / numbers["wall_s"]
    gpu = f", {_number(numbers['peak_gpu_mib'])} MiB on the GPU" if numbers["peak_gpu_mib"] is not None else ""
    energy = f"; {numbers['watt_hours']:.2f} Wh" if numbers["watt_hours"] is not None else ""
    return (
        f"whole volume: {numbers['method']} predicted {_sides(numbers['shape'])} voxels in {numbers['wall_s']:.1f} s "
        f"({'with' if numbers['flips'] else 'without'} flips); the device waited for {waited:.0%} of it; peak "
        f"{_number(numbers['peak_host_mib'])} MiB of memory{gpu}{energy}; {numbers['foreground']:.1%} foreground"
    )


def _labels(numbers: Mapping[str, Any]) -> str:
    return (
        f"label maps: {numbers['differing']:,} of {numbers['voxels']:,} voxels of {numbers['cases']} volumes have "
        f"another label; {numbers['foreground']:,} are foreground (after {numbers['iterations']} iterations)"
    )


def _resumed(numbers: Mapping[str, Any]) -> str:
    return (
        f"resumed: killed after {numbers['killed_after']} of {numbers['iterations']} iterations; its weights differ "
        f"from the undisturbed training's by {numbers['resumed']:.1e} of the largest, those of two undisturbed ones by "
        f"{numbers['twice']:.1e}"
    )


def _rate(numbers: Mapping[str, Any]) -> str:
    return f"{1 / numbers['seconds']:.3g}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.0f}"


def _sides(sides: Sequence[int]) -> str:
    return " x ".join(map(str, sides))
