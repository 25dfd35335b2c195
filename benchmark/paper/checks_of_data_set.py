"""Checks the paper's numbers of the data set: Section 2, Fig. 1 and MSWAL's row of Table 1."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mswal_bench.benchmark.data import mswal_facts as facts
from mswal_bench.benchmark.data.lesion_classes import BY_KEY

from . import text_claims
from .check import Check, holds, same
from .table_1 import printed_data_sets

_SECTION = "Section 2"
_TYPES = "Section 2, Table 1"
_SIZES = "Fig. 1 (c)"


def data_set_checks() -> list[Check]:
    """Checks the sums of patients, scans and lesions, the percentages beside them, and the split."""
    return [*_patients(), *_lesions(), *_percentages(), *_table_1()]


def _patients() -> Iterator[Check]:
    total = facts.CASES["total"]
    yield same("Patients: male + female", _SECTION, total, sum(facts.SEX.values()))
    yield same("Patients: the sum of the phases", _SECTION, total, sum(facts.PHASE.values()))
    yield same("Patients: training + test", _SECTION, total, facts.CASES["train"] + facts.CASES["test"])
    train, test = text_claims.SPLIT_RATIO
    exact = Decimal(10 * facts.CASES["train"]) / total
    found = f"{exact:.2f}:{10 - exact:.2f}"
    yield holds("Training to test, approximately", _SECTION, f"{train}:{test}", found, round(exact) == train)
    mean = Decimal(facts.SLICE_COUNTS["total"]) / total
    fewest, most = facts.SLICE_COUNTS["fewest"], facts.SLICE_COUNTS["most"]
    what = "Slices of a scan: the mean lies between the fewest and the most"
    yield holds(what, _SECTION, f"{fewest} to {most:,}", f"{mean:.1f}", fewest < mean < most)


def _lesions() -> Iterator[Check]:
    types = {key: facts.LESIONS[key] for key in BY_KEY}
    total = facts.LESIONS["total"]
    yield same("Lesions: the sum of the types", _TYPES, total, sum(types.values()))
    small, large = (sum(sizes[key] for key in BY_KEY) for sizes in (facts.SMALL, facts.LARGE))
    yield same("Lesions: the sum of small and large", "Table 1, Fig. 1 (c)", total, small + large)
    for key, count in types.items():
        yield same(f"{BY_KEY[key].name}: small + large", _SIZES, count, facts.SMALL[key] + facts.LARGE[key])


def _percentages() -> Iterator[Check]:
    total = facts.CASES["total"]
    counts: dict[str, int] = dict([*facts.SEX.items(), *facts.PHASE.items()])
    for name, stated in {**text_claims.SEX_PERCENT, **text_claims.PHASE_PERCENT}.items():
        exact = Decimal(100 * counts[name]) / total
        # The recomputed percentage is rounded to as many decimals as the paper gives.
        agrees = exact.quantize(stated) == stated
        yield holds(f"Percent {name}: {counts[name]} of {total}", _SECTION, f"{stated} %", f"{exact:.2f} %", agrees)
    for what, shares in (("sexes", text_claims.SEX_PERCENT), ("phases", text_claims.PHASE_PERCENT)):
        yield same(f"Percent: the sum of the {what}", _SECTION, sum(shares.values(), Decimal(0)), Decimal(100))


def _table_1() -> Iterator[Check]:
    mswal = printed_data_sets()[-1]
    yield same("MSWAL's volumes are the patients of Section 2", "Table 1", mswal.volumes, facts.CASES["total"])
    yield same("MSWAL's lesions are the types of Section 2", "Table 1", mswal.annotated or 0, facts.LESIONS["total"])
    found = ", ".join(BY_KEY[key].abbreviation for key in BY_KEY if key in mswal.classes)
    every = ", ".join(lesion.abbreviation for lesion in BY_KEY.values())
    yield holds("MSWAL's lesion types are those of Section 2", "Table 1", found, every, found == every)
