"""Defines arguments with a few known values, which suggest the one that was meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from mswal_bench.baselines.registry import method_names, refused_names

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Choice(click.Choice[str]):
    """Takes what click's takes; the message about an unknown value names the one that is like it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            from mswal_bench.benchmark.core.suggestions import did_you_mean

            meant = did_you_mean(str(value), map(str, self.choices))
            raise click.BadParameter(f"{error.message} {meant}".rstrip(), ctx, param) from error


class MethodName(click.types.StringParamType):
    """Takes the name of a method. Those of plug-ins are looked for when a name is given, and no plug-in is loaded."""

    name = "method"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        # Whoever asks for one whose name is refused is to be told why.
        refused = [error.plug_in.name for error in refused_names()]
        return str(value) if value in refused else Choice(method_names()).convert(value, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return Choice(method_names()).shell_complete(ctx, param, incomplete)


def complete_methods(
    also: Sequence[str] = (), *, folders: bool = False
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Has the shell suggest methods, with what else may stand there, for an argument that takes several kinds."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        named = Choice((*method_names(), *also)).shell_complete(context, parameter, incomplete)
        return [*named, *([CompletionItem(incomplete, type="dir")] if folders else [])]

    return complete
