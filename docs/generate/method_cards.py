"""Writes the fidelity cards of this package's methods as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mswal_bench.baselines.fidelity import Setting
from mswal_bench.baselines.method import Method
from mswal_bench.baselines.registry import METHODS

from .tables import code, markdown_table


def methods() -> str:
    """A row for each method."""
    rows = [
        (code(method.name), method.title, f"{method.card.parameters / 1e6:.2f} M", _sentence(method.card.summary))
        for method in METHODS.values()
    ]
    return markdown_table(("name", "title", "parameters", "what it is"), rows)


def fidelity_cards() -> str:
    """A section for each method: what fixes its settings, and where it is not the original."""
    return "\n\n".join("\n\n".join(_card(method)) for method in METHODS.values())


def _card(method: Method) -> Iterator[str]:
    card = method.card
    yield f"## {method.title}"
    yield f"`{method.name}`: {card.summary}. {method.publication}."
    variants = ", ".join(map(code, method.variants()))
    if variants:
        yield f"Its variants are {variants}."
    yield f"It has {card.parameters:,} parameters: {card.parameters_of}."
    groups = {
        "Set by the MSWAL paper": card.mswal_paper,
        "Set by its own paper or its authors' code": card.own_paper,
        "Left open by both, and chosen here": card.chosen,
    }
    for title, settings in groups.items():
        if settings:
            yield f"**{title}**"
            yield _settings(settings)
    yield "**Different from the original**"
    yield "\n".join(f"- {_sentence(each)}" for each in card.differences) or "Nothing is known to differ."


def _settings(settings: Sequence[Setting]) -> str:
    rows = [(each.name, _plain(each.value), _plain(each.source)) for each in settings]
    return markdown_table(("setting", "value", "source, or why"), rows)


def _sentence(text: str) -> str:
    ended = text if text.endswith(".") else f"{text}."
    return _plain(f"{ended[:1].upper()}{ended[1:]}")


def _plain(text: str) -> str:
    """Text in which signs of Markdown mean themselves."""
    return "".join(f"\\{sign}" if sign in "*_<[" else sign for sign in text)
