"""Writes what was measured as a section of `docs/concepts/hidden-tracks.md`, and draws the trade-off."""

from __future__ import annotations

from pathlib import Path

from mswal_bench.benchmark.core.whole_files import whole_file
from mswal_bench.tests.speed.page import table

from .exact_attacks import Recovered
from .measured import COARSER, DEFAULT, EXACT, FINER, LADDER, NO_LADDER, NOISE, PERCENT, Measured
from .phantom_track import HIDDEN_BITS, KEYS, N_CASES

HEADING = "## What was measured"
GOAL = 0.02
"""The share of the hidden bits that no attack may get with the default budget."""
_TRACKS = """\
By `{command}`, on phantom tracks of {cases} cases in counts, with the paper's totals. Who
knows how often each class occurs and nothing else lacks {hidden:,.0f} of {all:,} bits of presence. The attacker of the
first table sees a fifth of the cases with each class in the images, and lacks {left:,.0f}. Every answer comes from the
code that publishes. *Right* is of all cases and classes, guesses included."""
_CLIMB = """\
The best attack on rounded averages that is known here climbs the ladder from a poor start, each time with the design
whose answer it can foretell least. It is given more than a real attacker has: it knows the DSC of its own outlines and
which of its lesions match. Its bits are all that the answers tell, of presence and of numbers of lesions together: the
mean over tracks, for the attacker who gets most of those that see more or less and climb faster or slower."""
_BOARDS = """\
Boards of ten honest teams, and a method that is better than one of theirs by exactly one point of Avg. DSC or Avg. F1
and not worse in the other. *Above*: it is ranked above that one. *Right*: it is on the right side of every method that
is a point away. *Same rank*: its rank is that of the exact numbers; most boards have several methods within a point of
it, which tie or swap."""
_COLOURS = {
    EXACT: "#D55E00", PERCENT: "#E69F00", NOISE: "#CC79A7", NO_LADDER: "#56B4E9", LADDER: "#0072B2", DEFAULT: "#000000",
}  # fmt: skip


def section(measured: Measured, command: str) -> str:
    """The text under the heading, itself included."""
    single, groups = zip(measured.before, measured.after, strict=True)
    classes = len(KEYS)
    value, ranged = measured.interval
    shown, without_ladder = measured.from_averages
    attacks = [
        ("one case at a time, all classes at once", str(single[0].submissions), _told(single[0]), _guessed(single[1])),
        ("63 groups (Lindström's matrix)", str(groups[0].submissions), _told(groups[0]), _guessed(groups[1])),
        (
            "one case at a time, from the averages alone (three fifths seen)", str(N_CASES), "",
            f"the ladder shows {shown} of {N_CASES}; without it each tells at most {without_ladder:.1f} bits",
        ),
        (
            "the number of lesions of a class, from one record and one's own counts", "1",
            f"{measured.lesions_before} of {classes} classes exactly", f"{measured.lesions_after} of {classes} classes",
        ),
        (
            "intervals, drawn with a public seed, of 8 unknown cases", "1",
            f"{ranged:.1f} of 8 bits, the value alone {value:.1f}", "none: there are no intervals",
        ),
    ]  # fmt: skip
    climbs = [
        (
            name,
            str(_last(measured, name)),
            f"{(bits := measured.at_most(name, _last(measured, name))):.1f}",
            f"{bits / _last(measured, name):.1f}",
            f"{100 * bits / HIDDEN_BITS:.1f} %",
        )
        for name in (DEFAULT, LADDER, NO_LADDER, FINER, COARSER)
    ]
    boards = [
        (name, _percent(of.above), _percent(of.right), _percent(of.same_rank)) for name, of in measured.boards.items()
    ]
    tracks = _TRACKS.format(
        command=command, cases=N_CASES, hidden=HIDDEN_BITS, all=N_CASES * classes, left=measured.bits_left
    )
    parts = (
        HEADING,
        tracks,
        table(("attack", "submissions", "before", "now, budget aside"), attacks),
        _CLIMB,
        table(("what is published", "submissions", "bits", "a submission", "of the hidden bits"), climbs),
        _BOARDS,
        table(("what is published", "above", "right", "same rank"), boards),
    )
    return "\n\n".join(parts) + "\n"


def draw(measured: Measured, path: Path) -> None:
    """Draws bits against submissions, and the share of right ranks, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
    for name, colour in _COLOURS.items():
        x, y = zip(*measured.curves[name], strict=True)
        left.plot(x, y, color=colour, label=name, marker="o", markersize=3.5, linewidth=2.6 if name == DEFAULT else 1.4)
    left.axhline(HIDDEN_BITS, color="#888", linewidth=1)
    left.text(1, HIDDEN_BITS * 1.08, f"all there is to know: {HIDDEN_BITS:,.0f}", color="#555", fontsize=9)
    left.axhline(GOAL * HIDDEN_BITS, color="#888", linewidth=1, linestyle="--")
    left.text(22, GOAL * HIDDEN_BITS * 1.1, f"the most allowed: {GOAL * HIDDEN_BITS:.0f}", color="#555", fontsize=9)
    left.set(
        xscale="log", yscale="log", ylim=(1, 3000), xlabel="submissions of one team", ylabel="bits recovered",
        title="What a team can learn of the labels",
    )  # fmt: skip
    left.set_xticks([1, 2, 5, 10, 20, 50, 100, 200], ["1", "2", "5", "10", "20", "50", "100", "200"])
    left.minorticks_off()
    left.legend(fontsize=8.5, frameon=False, loc="lower right")
    names = list(measured.boards)
    shares = [100 * of.right for of in measured.boards.values()]
    bars = right.barh(
        names[::-1], shares[::-1], color=["#000" if "default" in name else "#999" for name in names[::-1]]
    )
    right.bar_label(bars, fmt="%.0f %%", padding=3, fontsize=9)
    right.axvline(95, color="#888", linewidth=1, linestyle="--")
    right.set(xlim=(0, 118), xlabel="boards, %", title="A lead of one point is ranked right")
    right.set_xticks([0, 25, 50, 75, 95])
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})


def _told(recovered: Recovered) -> str:
    return f"{recovered.bits:,.0f} bits; {recovered.right:,} of {N_CASES * len(KEYS):,} right"


def _guessed(recovered: Recovered) -> str:
    if recovered.bits:
        return _told(recovered)
    return f"no number of a class is published; by guessing {recovered.right:,} are right"


def _last(measured: Measured, name: str) -> int:
    return int(measured.curves[name][-1][0])


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
