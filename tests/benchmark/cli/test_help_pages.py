"""What every help page has: an order, whole sentences, and examples that can be typed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from mswal_bench.baselines.registry import METHODS
from mswal_bench.benchmark.cli.help_pages import BenchCommand, BenchGroup, Example, example_lines
from mswal_bench.benchmark.cli.main import main

from .test_main import ENTRY, HEAVY

Page = BenchCommand | BenchGroup


def pages(command: click.Command = main, name: str = "mswal-bench") -> Iterator[tuple[str, Page]]:
    """Every command and group, by what is typed for it."""
    assert isinstance(command, Page), f"{name} has no examples"
    yield name, command
    if isinstance(command, click.Group):
        for below, each in command.commands.items():
            yield from pages(each, f"{name} {below}")


PAGES = dict(pages())
EXAMPLES = [(name, command) for name, page in PAGES.items() for _, command in page.examples]


def help_of(name: str, width: int) -> str:
    shown = CliRunner().invoke(main, [*shlex.split(name)[1:], "--help"], terminal_width=width)
    assert shown.exit_code == 0
    return shown.output


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_whole_sentences_and_examples_of_its_own(name: str) -> None:
    page = PAGES[name]
    short = page.get_short_help_str(1000)
    assert short[0].isupper()
    assert short.endswith(".")
    assert len(short) <= 70
    assert page.examples
    assert all(command.startswith("mswal-bench ") for _, command in page.examples if "$(" not in command)
    assert any(name in command for _, command in page.examples)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [60, 100])
def test_help_fits_the_terminal_and_ends_with_its_examples(name: str, width: int) -> None:
    text = help_of(name, width)
    examples = text.partition("\nExamples:\n")[2].splitlines()
    assert examples
    assert max(map(len, examples)) <= width
    # A shell that reads it types the commands as they are.
    read = "\n".join(line[2:] for line in examples).replace("\\\n", " ")
    commands = [" ".join(shlex.split(line)) for line in read.splitlines() if line and not line.startswith("#")]
    assert commands[: len(PAGES[name].examples)] == [
        " ".join(shlex.split(command)) for _, command in PAGES[name].examples
    ]


@pytest.mark.parametrize(("name", "command"), EXAMPLES)
def test_every_example_is_a_call_of_its_command(name: str, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(command)
    if words[0] == "pip":
        # Of which the command in the parentheses is ours.
        words = shlex.split(command.partition("$(")[2].partition(")")[0])
    page: click.Command = main
    context = click.Context(main, info_name=words.pop(0))
    while isinstance(page, click.Group) and words and not words[0].startswith("-"):
        page = page.commands[words.pop(0)]
        context = click.Context(page, parent=context, info_name=page.name)
    if words == ["--help"]:
        return
    for parameter in page.params:
        # What an example names need not be there.
        if isinstance(parameter.type, click.Path):
            monkeypatch.setattr(parameter.type, "exists", False)
    page.make_context(page.name, words, parent=context.parent)


def test_an_example_that_is_no_call_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(click.UsageError):
        test_every_example_is_a_call_of_its_command(
            "mswal-bench score", "mswal-bench score a --refrence b", monkeypatch
        )


def test_commands_stand_in_the_order_of_work() -> None:
    text = help_of("mswal-bench", 100)
    heads = [line.rstrip(":") for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert heads == ["Options", *main.sections, "Examples"]
    assert [command for of_head in main.sections.values() for command in of_head] == list(main.commands.values())
    told = " ".join(text.split())
    assert all(page.get_short_help_str(1000) in told for page in main.commands.values())
    of_data = help_of("mswal-bench data", 100)
    places = [of_data.index(f"\n  {name} ") for name in ("download", "phantom", "prepare", "check", "stats")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("examples", "width", "lines"),
    [
        ([("why", "a b --cc d")], 40, ["# why", "a b --cc d"]),
        ([("why", "a b --cc d --e")], 10, ["# why", "a b \\", "    --cc d \\", "    --e"]),
        ([("why", 'a --name "Ada Example" b')], 60, ["# why", 'a --name "Ada Example" b']),
        ([("x", "a b"), ("y", "c")], 40, ["# x", "a b", "# y", "c"]),
    ],
)
def test_example_lines(examples: list[Example], width: int, lines: list[str]) -> None:
    assert example_lines(examples, width) == lines


def completed(*words: str) -> tuple[set[str], set[str]]:
    """What the shell is told for the last word, and which packages were imported."""
    told = {"_MSWAL_BENCH_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    program = f"import sys; sys.argv[0] = 'mswal-bench'\n{ENTRY}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ, **told}
    )
    return set(done.stdout.split()), set(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "some"),
    [
        (["mswal-bench", "ru"], {"plain,run", "plain,runs"}),
        (["mswal-bench", "run", "nnunet"], {f"plain,{name}" for name in METHODS if name.startswith("nnunet")}),
        (["mswal-bench", "transfer", "med"], {"plain,mednext"}),
        (["mswal-bench", "methods", "med"], {"plain,mednext"}),
        (["mswal-bench", "launch", "mednext", "al"], {"plain,all"}),
        (["mswal-bench", "ceiling", "med"], {"plain,mednext", "dir,med"}),
        (["mswal-bench", "run", "mednext", "--budget", "d"], {"plain,demo"}),
        (["mswal-bench", "score", "--allow"], {"plain,--allow-missing"}),
    ],
)
def test_the_shell_completes_without_heavy_packages(words: list[str], some: set[str]) -> None:
    told, modules = completed(*words)
    assert told == some
    assert "mswal_bench" in modules
    assert not modules & HEAVY


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_gets_its_script(shell: str) -> None:
    told = CliRunner().invoke(main, env={"_MSWAL_BENCH_COMPLETE": f"{shell}_source"}, prog_name="mswal-bench")
    assert told.exit_code == 0
    assert f"_MSWAL_BENCH_COMPLETE={shell}_complete" in told.output
    assert f"_MSWAL_BENCH_COMPLETE={shell}_source mswal-bench" in help_of("mswal-bench", 100)
