"""An argument with a few known values, which suggests the one that was meant."""

from __future__ import annotations

from typing import Any

import click


class Choice(click.Choice[str]):
    """As click's; the message about an unknown value names the one that is like it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            from mswal_bench.benchmark.core.suggestions import did_you_mean

            meant = did_you_mean(str(value), map(str, self.choices))
            raise click.BadParameter(f"{error.message} {meant}".rstrip(), ctx, param) from error
