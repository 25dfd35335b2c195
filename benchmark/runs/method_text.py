"""Writes methods and their fidelity cards as text for a terminal, and as data for programs. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from textwrap import fill
from typing import Any

from tabulate import tabulate

from mswal_bench.baselines.fidelity import Setting
from mswal_bench.baselines.method import Budget, Method
from mswal_bench.baselines.registry import plug_in_of

_GAP = 2
_INDENT = "  "
_NAME_WIDTH = 22
_NOT_SET = "-"
# Longer ones, lists of lists, would push the other budgets off the screen.
_LONGEST_VALUE = 24


def methods_table(methods: Sequence[Method], width: int) -> str:
    """A row for each method: name, title, parameters, and what it is, with its paper and variants below."""
    heads = ("Method", "Title", "Parameters")
    rows = [(method.name, method.title, _parameters(method.card.parameters)) for method in methods]
    # tabulate gives a column two more than its head.
    taken = sum(max(len(head) + 2, *map(len, column)) + _GAP for head, *column in zip(heads, *rows, strict=True))
    told = [_wrapped(_told(method), width - taken) for method in methods]
    return tabulate(
        [(*row, text) for row, text in zip(rows, told, strict=True)],
        (*heads, "What it is"),
        tablefmt="simple",
        disable_numparse=True,
        colalign=("left", "left", "right", "left"),
    )


def card_text(method: Method, width: int) -> str:
    """The fidelity card of a method and what its three budgets set differently."""
    card = method.card
    head = [
        f"{method.title} ({method.name})",
        *_told(method),
        f"{card.parameters:,} parameters: {card.parameters_of}",
    ]
    if card.gpu_hours is not None:
        head.append(f"{card.gpu_hours:g} hours of training a fold on an A100 with 40 GB, as published")
    groups = {
        "Set by the MSWAL paper": card.mswal_paper,
        "Set by its own paper or its authors' code": card.own_paper,
        "Left open by both, and chosen here": card.chosen,
    }
    blocks = [_wrapped(head, width)]
    blocks += [f"{title}\n{_settings(settings, width)}" for title, settings in groups.items()]
    blocks.append("Different from the original\n" + (_bullets(card.differences, width) or f"{_INDENT}nothing known"))
    blocks.append(f"Different between the budgets ({_NOT_SET}: not set)\n{_budgets(method)}")
    return "\n\n".join(blocks)


def method_data(method: Method) -> dict[str, Any]:
    """A method in the plain values of JSON, with its card and the settings of each budget.

    The package and its version are None of this package's own methods.
    """
    plug_in = plug_in_of(method)
    return {
        "name": method.name,
        "title": method.title,
        "publication": method.publication,
        "package": None if plug_in is None else plug_in.package,
        "package_version": None if plug_in is None else plug_in.version,
        "variants": list(method.variants()),
        "card": asdict(method.card),
        "settings": {budget.value: dict(method.settings(budget)) for budget in Budget},
    }


def _parameters(count: int) -> str:
    # In millions a small method would seem to have none.
    return f"{count / 1e6:.2f} M" if count >= 10_000 else f"{count:,}"


def _told(method: Method) -> list[str]:
    variants, plug_in = ", ".join(method.variants()), plug_in_of(method)
    told = [method.card.summary, method.publication]
    told += [f"variants: {variants}"] if variants else []
    return told if plug_in is None else [*told, f"from the package {plug_in.origin}"]


def _settings(settings: Sequence[Setting], width: int) -> str:
    if not settings:
        return f"{_INDENT}nothing"
    value_width = (width - len(_INDENT) - _NAME_WIDTH - 2 * _GAP) * 3 // 7
    source_width = width - len(_INDENT) - _NAME_WIDTH - value_width - 2 * _GAP
    cells = [
        (_fill(each.name, _NAME_WIDTH), _fill(each.value, value_width), _fill(each.source, source_width))
        for each in settings
    ]
    # Of one width, so that the three groups stand in line.
    widest = (" " * _NAME_WIDTH, " " * value_width, "")
    table = tabulate([widest, *cells], tablefmt="plain", disable_numparse=True, preserve_whitespace=True)
    return _indented(line.rstrip() for line in table.splitlines()[1:])


def _bullets(sentences: Iterable[str], width: int) -> str:
    return "\n".join(_fill(said, width, first="  - ", others="    ") for said in sentences)


def _budgets(method: Method) -> str:
    settings = [dict(_flat(method.settings(budget))) for budget in Budget]
    keys = list(dict.fromkeys(key for of_budget in settings for key in of_budget))
    rows = []
    for key in keys:
        values = [_value_text(of_budget.get(key)) for of_budget in settings]
        if len(set(values)) > 1 and max(map(len, values)) <= _LONGEST_VALUE:
            rows.append((key.rpartition(".")[2].removeprefix("n_").replace("_", " "), *values))
    if not rows:
        return f"{_INDENT}nothing"
    table = tabulate(rows, ("", *(budget.value for budget in Budget)), tablefmt="simple", disable_numparse=True)
    return _indented(table.splitlines())


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _value_text(value: object) -> str:
    if value is None:
        return _NOT_SET
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | int):
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"
    if isinstance(value, list | tuple):
        # Sides are tuples.
        return (" x " if isinstance(value, tuple) and len(value) == 3 else ", ").join(map(_value_text, value))
    return str(value)


def _wrapped(lines: Iterable[str], width: int) -> str:
    return "\n".join(_fill(line, width) for line in lines)


def _fill(text: str, width: int, first: str = "", others: str = "") -> str:
    # By default words are cut at a hyphen, and with them addresses.
    return fill(text, width, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"{_INDENT}{line}" for line in lines)
