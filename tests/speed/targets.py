"""What is asked of the scorer: the rows of the table, and when a ratio is good enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["times faster", "of the floor", "memory", "scaling"]
Verdict = Literal["aim", "must", "missed"]


@dataclass(frozen=True)
class Target:
    """One row: a peer on a pair, and how far from it the scorer must be and aims to be."""

    what: str
    kind: Kind
    pair: str
    must: float | None
    """None, and `aim` too, for a row to look at only."""
    aim: float | None
    peer: str = ""
    ours: str = "ours"

    def value(self, ours: float, peer: float) -> float:
        """What is held against `must` and `aim`, from our number and the peer's."""
        match self.kind:
            case "times faster" | "scaling":
                return peer / ours
            case "of the floor":
                return ours / peer
            case "memory":
                return ours

    def verdict(self, value: float) -> Verdict | None:
        """Whether a value reaches the aim, only what must be, or neither. A value equal to a limit reaches it."""
        if self.must is None or self.aim is None:
            return None
        # Limits are for less of the floor and of memory, and for more of all else.
        sign = -1 if self.kind in {"of the floor", "memory"} else 1
        return reached(sign * value, must=sign * self.must, aim=sign * self.aim)

    def show(self, value: float) -> str:
        """A value or a limit in the row's unit."""
        if self.kind == "memory":
            return f"{value:.0f} MiB"
        return f"{value:.2f}x" if value < 10 else f"{value:.0f}x"

    def show_limit(self, value: float | None) -> str:
        """As `show`, with the direction; nothing without a limit."""
        if value is None:
            return ""
        unit = f"{value:g} MiB" if self.kind == "memory" else f"{value:g}x"
        return f"{'≤' if self.kind in {'of the floor', 'memory'} else '≥'} {unit}"


def reached(value: float, *, must: float, aim: float) -> Verdict:
    """Of a number that is better the larger it is. One that equals a limit reaches it."""
    return "aim" if value >= aim else "must" if value >= must else "missed"


def _faster(what: str, peer: str, ours: str = "ours", /, aim: float = 150, **must: float) -> list[Target]:
    return [Target(what, "times faster", pair, limit, aim, peer, ours) for pair, limit in must.items()]


_FLOOR = {"typical": 1.5, "worst": 2.5, "speckle": 5}
_MEMORY = {"typical": 200, "worst": 400}

TARGETS: tuple[Target, ...] = (
    *_faster("panoptica, CPU time", "panoptica", aim=100, typical=60),
    *_faster("panoptica, CPU time", "panoptica", worst=40, speckle=50),
    *_faster("panoptica with class groups, CPU time", "panoptica, class groups", typical=60, worst=40, speckle=50),
    *_faster("nnU-Net (DSC only), CPU time", "nnU-Net", aim=60, typical=20, worst=20),
    # No limit was set for it on specks.
    Target("nnU-Net (DSC only), CPU time", "times faster", "speckle", None, None, "nnU-Net"),
    *(Target("F0, CPU time", "of the floor", pair, must, 0.75, "F0") for pair, must in _FLOOR.items()),
    *(Target("peak memory", "memory", pair, must, 100) for pair, must in _MEMORY.items()),
    *_faster("NSD and HD95: monai, CPU time", "monai", "ours with distances", aim=15, typical=8, worst=10),
    *_faster(
        "NSD and HD95: monai on whole volumes, CPU time",
        "monai, whole volumes",
        "ours with distances",
        aim=15,
        typical=8,
    ),
    Target("evaluate: unpacking the files, CPU time", "of the floor", "evaluate", 2.5, 1.8, "unpacking", "evaluate"),
    # No limit was set for it.
    Target("score: unpacking the files, CPU time", "of the floor", "evaluate", None, None, "unpacking", "score"),
    Target("484 pairs: 2 jobs against 1, wall time", "scaling", "many", 1.7, 1.9, "1 job", "2 jobs"),
)
