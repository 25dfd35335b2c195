"""Defines `Comparison`, the values of Table 2 (methods on MSWAL), and reads those that the paper prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from math import isnan
from types import MappingProxyType
from typing import Literal

from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES, lesion_called
from mswal_bench.benchmark.tables.view import UNDEFINED

from .printed import printed_rows

Metric = Literal["dsc", "f1"]
METRICS: tuple[Metric, ...] = ("dsc", "f1")
_CENT = Decimal("0.01")
AVERAGE = "average"
"""Is the key of the Avg., beside the keys of lesion classes."""


@dataclass(frozen=True)
class Pair:
    """Holds DSC and region F1 in percent, as the paper prints them or unrounded; None where there is no number."""

    dsc: Decimal | None
    f1: Decimal | None

    def of(self, metric: Metric) -> Decimal | None:
        """Returns one of the two."""
        return self.dsc if metric == "dsc" else self.f1


NOTHING = Pair(None, None)


@dataclass(frozen=True)
class MethodColumns:
    """Holds the scores of a method, which make a pair of columns."""

    key: str
    """Is the key in `baselines.registry.METHODS`; for another method, the name under which it was submitted."""
    title: str
    """Is the heading: for the paper's methods as printed, without the number of the reference and `(Ours)`."""
    classes: Mapping[str, Pair]
    """Has the scores by lesion class key, in the order of `LESION_CLASSES`."""
    average: Pair
    """Has the scores of the row Avg."""

    def of(self, key: str) -> Pair:
        """Returns the scores of a lesion class, or the Avg. for the key `AVERAGE`."""
        return self.average if key == AVERAGE else self.classes[key]


@dataclass(frozen=True)
class Comparison:
    """Holds the values of Table 2, methods by lesion classes; averages are stored, not computed."""

    methods: tuple[MethodColumns, ...]
    """Are in the order of the columns."""
    average_score: Mapping[str, Pair]
    """Has the mean over the methods, by lesion class key and under `AVERAGE`."""
    false_alone: tuple[str, ...] = ()
    """Has the keys of classes that methods predict although no reference has them. What is predicted is false, and
    says nothing about how hard the class is."""


@cache
def printed_comparison() -> Comparison:
    """Returns Table 2 exactly as the paper prints it: percent with two decimals as `Decimal`, which changes no digit.

    The seven methods are in the order of the columns, as in `baselines.registry.METHODS`; the first is the paper's own.
    Averages are the printed ones: most are truncated, not rounded, and they differ from the means of the printed cells
    by up to 0.013 (`mswal-bench tables check` lists where).
    """
    heads, *rows = printed_rows("table2")
    pairs = [(heads[column].removesuffix(" DSC"), column) for column in range(1, len(heads), 2)]
    values = {
        row_key(row[0]): {name: Pair(Decimal(row[column]), Decimal(row[column + 1])) for name, column in pairs}
        for row in rows
    }
    names = [name for name, _ in pairs if name in REGISTRY_KEYS]
    (average_score,) = (name for name, _ in pairs if name not in REGISTRY_KEYS)
    return Comparison(
        tuple(
            MethodColumns(
                REGISTRY_KEYS[name],
                name.partition(" [")[0].removesuffix(" (Ours)"),
                MappingProxyType({lesion.key: values[lesion.key][name] for lesion in LESION_CLASSES}),
                values[AVERAGE][name],
            )
            for name in names
        ),
        MappingProxyType({key: of_row[average_score] for key, of_row in values.items()}),
    )


@cache
def printed_improvements() -> Mapping[str, Pair]:
    """Returns the superscripts of Table 2: by how many points the paper's own method is better than the best other one.

    Keys are those of lesion classes and `AVERAGE`. A number is None where another method is better and the paper prints
    none.
    """
    _, *rows = printed_rows("table2_improvements")
    return MappingProxyType({row_key(name): Pair(_points(dsc), _points(f1)) for name, dsc, f1 in rows})


@cache
def printed_underlines() -> frozenset[tuple[str, str, Metric]]:
    """Returns the cells that are underlined in the paper's text version: lesion class key, method key, metric.

    The text version has lost all other underlines and all bold type.
    """
    _, *rows = printed_rows("table2_underlined")
    metrics: Mapping[str, Metric] = {"DSC": "dsc", "F1": "f1"}
    return frozenset((row_key(lesion), REGISTRY_KEYS[method], metrics[metric]) for lesion, method, metric in rows)


REGISTRY_KEYS = MappingProxyType(
    {
        "Inception nnU-Net (Ours)": "inception-nnunet",
        "nnU-Netv1 [8]": "nnunet-v1",
        "nnU-Netv2 [8]": "nnunet-v2",
        "nnU-Net res [9]": "nnunet-resenc",
        "Mednext [17]": "mednext",
        "nnFormer [28]": "nnformer",
        "Swin UNETR [6]": "swin-unetr",
    }
)
"""Maps the headings of Table 2 to the keys of methods."""

_MISSPELT = {"Pancrea cancer": "pancreatic_cancer"}


def row_key(printed: str) -> str:
    """Returns the lesion class key of a printed row name, or `AVERAGE`."""
    if printed == "Avg.":
        return AVERAGE
    lesion = lesion_called(printed)
    return lesion.key if lesion is not None else _MISSPELT[printed]


def points(fraction: float) -> Decimal | None:
    """Returns a fraction in percent, not rounded; None for NaN."""
    return None if isnan(fraction) else Decimal(100 * fraction)


def rounded(value: Decimal) -> Decimal:
    """Rounds to two decimals, half to even, as tables print it."""
    return value.quantize(_CENT, ROUND_HALF_EVEN)


def printed_text(value: Decimal | None) -> str:
    """Writes a value with two decimals; a dash for None."""
    return UNDEFINED if value is None else str(rounded(value))


def _points(printed: str) -> Decimal | None:
    return Decimal(printed) if printed else None
