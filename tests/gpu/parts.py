"""Lists the parts of the check in the order in which they are done, with the time that each may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

from mswal_bench.baselines.registry import METHODS

from .bounds import Numbers, check_labels, check_logits, check_resumed

VERSION_1 = "nnunet-v1"
COMPILED_FIRST = ("nnunet-v2", "inception-nnunet", "nnunet-resenc", "mednext", "nnformer", "swin-unetr")
"""Those that nnU-Net compiles when they are trained come first; with the others it was not tried."""


_LONGER_ON_CPU = 10


@dataclass(frozen=True)
class Part:
    """One piece of work, which a process of its own does."""

    name: str
    work: str
    """`module:function` of this folder; it gets the setting and `arguments`, and returns what JSON can hold."""
    limit_s: float
    """More is a failure."""
    arguments: Mapping[str, object] = field(default_factory=dict)
    needs: Sequence[str] = ()
    """Parts without which there is nothing to work on."""
    package: str = ""
    """A module without which it is left out."""
    check: Callable[[Numbers], None] | None = None
    """Raises BoundError for numbers that are not within the bounds."""


@dataclass(frozen=True)
class Outcome:
    """What came of a part."""

    part: Part
    state: str
    """`done`, `failed`, `not reached` (no time was left) or `left out`."""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = ""
    """Why it is not done."""
    wall_s: float = 0.0


def parts(methods: Sequence[str], device: str) -> list[Part]:
    """All parts for some methods. Limits are those of a GPU, and on a CPU more; nnU-Net compiles for a GPU alone."""
    draw = Part("volume", "setting:draw_volume", 240)
    small = Part("small phantom", "small_trainings:prepare", 120)
    listed = [draw]
    for name in methods:
        if name == VERSION_1:
            listed.append(
                Part(name, "version_1:train_and_compare", 120, {}, ("volume",), package="nnunet", check=check_logits)
            )
        else:
            arguments = {"method": name, "compiled": False}
            listed.append(
                Part(name, "training_speed:train_and_compare", 120, arguments, ("volume",), check=check_logits)
            )
    listed += [
        Part("whole volume", "whole_volume:predict_volume", 200, {}, ("volume",)),
        small,
        Part("label maps", "small_trainings:compare_label_maps", 120, {}, ("small phantom",), check=check_labels),
        Part("resumed training", "small_trainings:kill_and_resume", 120, {}, ("small phantom",), check=check_resumed),
    ]
    if device == "cuda":
        listed += [
            Part(
                compiled_name(name),
                "training_speed:train_and_compare",
                240,
                {"method": name, "compiled": True},
                ("volume",),
            )
            for name in COMPILED_FIRST
            if name in methods
        ]
    return [replace(part, limit_s=_LONGER_ON_CPU * part.limit_s) for part in listed] if device == "cpu" else listed


def compiled_name(method: str) -> str:
    """The name of the part that trains a compiled network."""
    return f"{method}, compiled"


def all_methods() -> list[str]:
    """The paper's own method first, as the registry has them."""
    return list(METHODS)


def is_there(package: str) -> bool:
    return not package or find_spec(package) is not None
