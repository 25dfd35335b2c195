"""The section, of made-up measurements."""

from .page import section
from .parts import Outcome, Part, parts
from .setting import FULL_SHAPE, FULL_SPACING_MM

_PLAIN = {
    "seconds": 0.25, "warm_up_s": 3.21, "peak_mib": 7000.4, "joules": 150.2, "patch": [96, 160, 160], "batch_size": 2,
    "parameters": 31_200_424, "differences": {"float32": 2.5e-5, "mixed": 0.0123, "patch": [64, 64, 64]},
}  # fmt: skip
_COMPILED = {**_PLAIN, "seconds": 0.2, "warm_up_s": 65.4, "peak_mib": 6000.0, "joules": None}
_WHOLE = {
    "method": "inception-nnunet", "shape": [276, 512, 512], "wall_s": 80.0, "waited_s": 8.0, "peak_gpu_mib": 9000.0,
    "peak_host_mib": 4000.0, "watt_hours": 12.345, "flips": True, "foreground": 0.018,
}  # fmt: skip
_RESUMED = {"killed_after": 6, "iterations": 10, "resumed": 0.0, "twice": 0.0}


def _section(outcomes, device="cuda"):
    return section(outcomes, device, ["H100", "torch"], FULL_SHAPE, FULL_SPACING_MM, small=False)


def test_every_number_is_there():
    outcomes = [
        Outcome(Part("nnunet-v2", "w:w", 90), "done", _PLAIN, wall_s=20),
        Outcome(Part("nnunet-v1", "w:w", 90), "left out", sentence="the package nnunet is not installed"),
        Outcome(Part("whole volume", "w:w", 200), "done", _WHOLE, wall_s=99.6),
        Outcome(Part("resumed training", "w:w", 120), "done", _RESUMED),
        Outcome(Part("nnunet-v2, compiled", "w:w", 240, {"compiled": True}), "done", _COMPILED),
    ]
    page = _section(outcomes)
    for line in (
        "## On a GPU\n\n- H100\n- torch\n",
        "4 of 5 parts are done and within their bounds, 0 failed.",
        "- **nnunet-v1**: left out: the package nnunet is not installed",
        "| nnunet-v2 | 96 x 160 x 160 | 2 | 31.20 M | 4 | 5 | 3.2; compiled 65.4 | 7000 | 6000 | 150 | unknown |",
        "| nnunet-v2 | 64 x 64 x 64 | 2.5e-05 | 1.2e-02 |",
        "inception-nnunet predicted 276 x 512 x 512 voxels in 80.0 s (with flips); the device waited for 10% of it",
        "peak 4000 MiB of memory, 9000 MiB on the GPU; 12.35 Wh; 1.8% foreground",
        "killed after 6 of 10 iterations",
        "| whole volume | done | 100 | 200 |",
    ):
        assert line in page
    assert "MSWAL's own fingerprint was not at hand" in page.replace("\n", " ")


def test_a_failure_and_what_was_not_reached_are_lines_of_it():
    outcomes = [
        Outcome(Part("mednext", "w:w", 90), "failed", _PLAIN, "logits of CPU\nand device differ"),
        Outcome(Part("mednext, compiled", "w:w", 240, {"compiled": True}), "not reached", sentence="no time was left"),
        Outcome(Part("label maps", "w:w", 90), "failed", sentence="OutOfMemoryError"),
    ]
    page = _section(outcomes)
    assert "0 of 3 parts are done and within their bounds, 2 failed." in page
    assert "- **mednext**: failed: logits of CPU and device differ" in page
    assert "| 4 | not reached | 3.2 | 7000 |  | 150 |  |" in page
    # No sentence is made of numbers that are not there.
    assert "### Prediction" not in page


def test_a_trial_on_a_cpu_is_another_section():
    assert _section([], "cpu").startswith("## The check of a GPU, tried on a CPU\n")


def test_all_methods_are_checked_and_those_that_are_compiled_come_first():
    names = [part.name for part in parts(["nnunet-v1", "mednext", "nnunet-v2"], "cuda")]
    assert names == [
        "volume", "nnunet-v1", "mednext", "nnunet-v2", "whole volume", "small phantom", "label maps",
        "resumed training", "nnunet-v2, compiled", "mednext, compiled",
    ]  # fmt: skip
    assert not [part for part in parts(["nnunet-v2"], "cpu") if "compiled" in part.name]
