"""Recognises labels in a `dataset.json` that are not one number per name: regions, labels to ignore, reversed ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ONE_NUMBER_A_NAME = '{"background": 0, "liver": 1, ...}'


@dataclass(frozen=True)
class LabelForm:
    """Describes one unusual form of labels, and what its owner can do about it."""

    code: str
    what: str
    mend: str


REGIONS = LabelForm(
    "regions",
    "labels are regions made of several values, which are neither trained nor scored here",
    "Give every value one name, or merge values in the label maps.",
)
IGNORE = LabelForm(
    "ignore-label",
    "a label marks voxels to ignore, which the protocol does not know",
    "Outline those voxels or make them background, and take the label out of dataset.json.",
)
REVERSED = LabelForm(
    "labels-reversed",
    "labels stand the wrong way round, values before names, as nnU-Net v1 has them",
    "Put the names first: nnU-Net v2 reads no other way.",
)
FORMS = (REGIONS, IGNORE, REVERSED)


def unusual_forms(labels: object) -> Iterator[tuple[LabelForm, str]]:
    """Yields the unusual forms in the `labels` of a `dataset.json`, each with the entries that have it.

    Labels with one number per name have none.
    """
    if not isinstance(labels, Mapping):
        return
    regions = {name: value for name, value in labels.items() if isinstance(value, list)}
    if regions:
        yield REGIONS, ", ".join(f"{name} {value}" for name, value in regions.items())
    reversed_ = {key: name for key, name in labels.items() if isinstance(name, str) and str(key).isdecimal()}
    if reversed_:
        yield REVERSED, ", ".join(f'"{key}": "{name}"' for key, name in reversed_.items())
    for name, value in labels.items():
        # In v1's way the name stands behind.
        for said, number in ((name, value), (value, name)):
            if isinstance(said, str) and said.strip().lower() == "ignore":
                yield IGNORE, f"{said}: {number}"


def values_of(labels: object) -> frozenset[int] | None:
    """Returns the values that `labels`, in any form, allow in label maps, 0 included; None where no label is named.

    A region counts with all of its values, and a label to ignore with its own. nnU-Net's values are 0 to 255.
    """
    if not isinstance(labels, Mapping):
        return None
    values: set[int] = {0}
    for key, value in labels.items():
        swapped = isinstance(value, str) and str(key).isdecimal()
        for one in value if isinstance(value, list) else [int(key) if swapped else value]:
            # JSON's true and false are whole numbers in Python.
            if isinstance(one, bool) or not isinstance(one, int) or not 0 <= one <= 255:
                return None
            values.add(one)
    return frozenset(values) if len(values) > 1 else None
