"""What a command says of itself comes out as Markdown, whatever sections it has."""

from __future__ import annotations

import click

from mswal_bench.benchmark.cli.help_pages import BenchGroup
from mswal_bench.docs.generate.command_pages import command_pages, commands_with_names
from mswal_bench.docs.generate.help_as_markdown import help_as_markdown


class _WithExamples(click.Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Examples"):
            formatter.write_text("tool --kind a|b")
            formatter.write("  tool again\n")


@click.command(cls=_WithExamples)
@click.option("--kind", metavar="A|B", help="Either `a|b` or <c>_d*.")
def tool(kind: str) -> None:
    """Does a thing.

    In two
    paragraphs.
    """


def test_every_part_of_a_help() -> None:
    text = help_as_markdown(tool, "tool")
    assert text.startswith("```text\ntool [OPTIONS]\n```\n\nDoes a thing.\n\nIn two paragraphs.\n\n")
    assert "| Options | |\n|---|---|\n| `--kind A\\|B` | Either `a\\|b` or \\<c>\\_d\\*. |\n" in text
    assert text.endswith("**Examples**\n\n```text\ntool --kind a|b\ntool again\n```\n\n")


def test_commands_of_a_group_are_links() -> None:
    group = click.Group("group", commands={"tool": tool})
    assert "| Commands | |\n|---|---|\n| [`tool`](tool.md) | Does a thing. |\n" in help_as_markdown(
        group, "group", {"tool": "tool.md"}
    )


def test_commands_of_sections_are_links() -> None:
    group = BenchGroup("group", sections={"Begin": [tool], "Go on": [click.Command("another")]})
    text = help_as_markdown(group, "group", {"tool": "tool.md", "another": "another.md"})
    assert "| Begin | |\n|---|---|\n| [`tool`](tool.md) | Does a thing. |\n" in text
    assert "| Go on | |\n|---|---|\n| [`another`](another.md) |  |\n" in text


def test_lines_that_are_not_filled_are_code() -> None:
    command = click.Command("tool", help="Type this:\n\n\b\neval one\n  two\n\nand\nthat.")
    assert "Type this:\n\n```text\neval one\n  two\n```\n\nand that.\n\n" in help_as_markdown(command, "tool")


def test_every_command_is_linked_from_the_list() -> None:
    pages = command_pages()
    assert [name for name in pages if name != "index" and f"[`{name}`]({name}.md)" not in pages["index"]] == []


def test_every_command_has_a_place() -> None:
    pages = command_pages()
    for name, command in commands_with_names():
        words = name.split()[1:]
        text = pages[words[0]] if words else pages["index"]
        assert help_as_markdown(command, name).partition("\n\n")[0] in text, name
        if words[1:]:
            assert f"(command-{'-'.join(words)})=\n## {' '.join(words)}\n" in text
