"""Defines the options that say who hands a trained method on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def about_options(command: Command) -> Command:
    """Adds `--author`, `--licence` and `--contact`: the arguments `authors`, `licence` and `contact`."""
    options = (
        click.option(
            "--author", "authors", multiple=True, help="One of those who trained it; may be given several times."
        ),
        click.option("--licence", help="That of the weights, as SPDX or Hugging Face name it: cc-by-nc-4.0."),
        click.option("--contact", help="Where to ask. It is published with the bundle."),
    )
    for option in reversed(options):
        command = option(command)
    return command
