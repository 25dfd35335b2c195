"""Defines `FidelityCard`: what fixes a method's settings, and where what runs here is not the original.

Needs no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf, isclose

_LONGEST_SUMMARY = 80


@dataclass(frozen=True)
class Setting:
    """One setting of a method as it runs under the `paper` budget."""

    name: str
    value: str
    source: str
    """Where it is said (paper and section, or the released code); of a choice, why it was made."""
    keys: tuple[str, ...] = ()
    """The entries of `Method.settings` that hold it, dotted: `training.epochs`. Each stands in `value` as it is there,
    a number as `0.001`, sides as `64 x 128 x 128`; `card_faults` compares. Empty where no single entry holds it."""


@dataclass(frozen=True)
class FidelityCard:
    """Says in three groups how a method's settings came about, and what a reader of its numbers should know besides."""

    summary: str
    """What the method is, in a line of at most 80 characters."""
    mswal_paper: tuple[Setting, ...]
    """What the paper of MSWAL fixes."""
    own_paper: tuple[Setting, ...]
    """What the method's own paper, or the code its authors released, fixes."""
    chosen: tuple[Setting, ...]
    """What both leave open, and what was chosen here."""
    differences: tuple[str, ...]
    """Where what runs here differs from the original, a sentence each; empty where nothing is known to."""
    parameters: int
    """Trainable parameters at full configuration, for eight outputs (background and the seven lesion types)."""
    parameters_of: str
    """The configuration that has so many: a planned network depends on the data."""
    gpu_hours: float | None = None
    """Published hours of training one fold on an A100 with 40 GB, for estimates only; None where nothing is published.
    Those of this package's methods are from Isensee et al., nnU-Net Revisited (2024, arXiv 2404.09556), in the table of
    nnU-Net's documentation/resenc_presets.md."""


def card_faults(card: object, settings: Mapping[str, object]) -> list[str]:
    """Everything that is wrong with a card beside the method's settings under the budget `paper`, half a sentence each.

    Empty for a card that is whole, readable, and says what the settings say.
    """
    if not isinstance(card, FidelityCard):
        return [f"it is {'missing' if card is None else f'of the type {type(card).__name__}'}: expected a FidelityCard"]
    faults = [*text_faults("its summary", card.summary), *text_faults("its parameters_of", card.parameters_of)]
    if isinstance(card.summary, str) and len(card.summary) > _LONGEST_SUMMARY:
        faults.append(f"its summary has {len(card.summary)} characters: expected at most {_LONGEST_SUMMARY}")
    if not isinstance(card.parameters, int) or isinstance(card.parameters, bool) or card.parameters <= 0:
        faults.append(f"its parameters are {card.parameters!r}: expected a whole number above 0")
    hours = card.gpu_hours
    is_number = isinstance(hours, int | float) and not isinstance(hours, bool)
    if hours is not None and not (is_number and 0 < hours < inf):
        faults.append(f"its gpu_hours are {hours!r}: expected a number above 0, or None")
    found: list[Setting] = []
    for group in ("mswal_paper", "own_paper", "chosen"):
        entries = getattr(card, group)
        # (Setting(...)) without a comma is no tuple.
        if not isinstance(entries, tuple | list) or not all(isinstance(each, Setting) for each in entries):
            faults.append(f"its {group} is no tuple of Setting")
        else:
            found += entries
    for each in found:
        faults += _setting_faults(each, settings)
    names = [each.name for each in found]
    faults += [f"it has two settings of the name {name!r}" for name in dict.fromkeys(names) if names.count(name) > 1]
    if not isinstance(card.differences, tuple | list):
        faults.append("its differences are no tuple of sentences")
    else:
        for number, difference in enumerate(card.differences, 1):
            faults += text_faults(f"its difference {number}", difference)
    return faults


def text_faults(what: str, found: object) -> list[str]:
    """That `what` is no text of one line, in half a sentence; empty where it is."""
    if isinstance(found, str) and found and found == " ".join(found.split()):
        return []
    return [f"{what} is {'missing' if found in (None, '') else repr(found)}: expected a line of text"]


def _setting_faults(setting: Setting, settings: Mapping[str, object]) -> Iterator[str]:
    for field in ("name", "value", "source"):
        yield from text_faults(f"the {field} of its setting {setting.name!r}", getattr(setting, field))
    if not isinstance(setting.keys, tuple | list):
        yield f"the keys of its setting {setting.name!r} are {setting.keys!r}: expected a tuple, as in ('epochs',)"
        return
    for key in setting.keys:
        try:
            found = _looked_up(settings, key)
        except LookupError:
            yield f"its setting {setting.name!r} is of {key!r}, which the method's settings do not have"
        else:
            if not stands_in(found, str(setting.value)):
                yield f"it says {setting.value!r} of {setting.name!r}, and the method sets {key} to {found!r}"


def _looked_up(settings: object, key: object) -> object:
    for part in str(key).split("."):
        if not isinstance(settings, Mapping):
            raise LookupError(key)
        settings = settings[part]
    return settings


def stands_in(found: object, text: str) -> bool:
    """Whether a card's text says this value of a method's settings: a number, sides, the end of a dotted path, on."""
    if isinstance(found, bool):
        return text.startswith("on" if found else "off")
    if isinstance(found, int | float):
        numbers = re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e-?\d+)?", text)
        return any(isclose(float(number.rstrip(",").replace(",", "")), found) for number in numbers)
    if isinstance(found, list | tuple):
        sides = [f"{each:g}" if isinstance(each, int | float) else str(each) for each in found]
        return any(between.join(sides) in text for between in (" x ", ", "))
    return str(found).rpartition(".")[2].casefold() in text.casefold()
