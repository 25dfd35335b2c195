"""Lists what the scorer is compared with: the rows of the tables, and the number that each of them shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["faster", "part", "memory", "speed-up"]
"""How many times as fast as a peer; how much of its time; the memory alone; wall time of one job over that of two."""


@dataclass(frozen=True)
class Comparison:
    """One row: a peer on a pair."""

    what: str
    kind: Kind
    pair: str
    peer: str = ""
    ours: str = "ours"

    def ratio(self, ours_s: float, peer_s: float) -> float:
        """The peer's time over ours, or of a `part` ours over the peer's."""
        return ours_s / peer_s if self.kind == "part" else peer_s / ours_s


def show_ratio(value: float) -> str:
    return f"{value:.2f}x" if value < 10 else f"{value:.0f}x"


def _faster(what: str, peer: str, *pairs: str, ours: str = "ours") -> list[Comparison]:
    return [Comparison(what, "faster", pair, peer, ours) for pair in pairs]


READING = "reading alone"
COMPARISONS: tuple[Comparison, ...] = (
    *_faster("panoptica", "panoptica", "typical", "worst", "speckle"),
    *_faster("panoptica with class groups", "panoptica, class groups", "typical", "worst", "speckle"),
    *_faster("nnU-Net (DSC only)", "nnU-Net", "typical", "worst", "speckle"),
    *_faster("monai: NSD and HD95", "monai", "typical", "worst", ours="ours with distances"),
    *_faster("monai on whole volumes", "monai, whole volumes", "typical", ours="ours with distances"),
    *(Comparison("one pair", "part", pair, READING) for pair in ("typical", "worst", "speckle")),
    Comparison("`evaluate`, eight pairs", "part", "evaluate", "unpacking", "evaluate"),
    Comparison("`score`, eight pairs", "part", "evaluate", "unpacking", "score"),
    *(Comparison("peak memory", "memory", pair) for pair in ("typical", "worst")),
    Comparison("484 pairs", "speed-up", "many", "1 job", "2 jobs"),
)
