from __future__ import annotations

import pytest

from mswal_bench.docs.run_pages.page_commands import page_commands, with_outputs

PAGE = """\
# A page

```console
$ one
printed
$ two \\
>     --option
$ three  # exits with 2
wrong
```

<!-- $ hidden -->

````markdown
```console
$ not run
```
````

```pycon
>>> if True:
...     x = 1
>>> x
1
```
"""


def test_commands_in_their_order_with_what_is_shown() -> None:
    found = [(one.language, one.command, one.output, one.status) for one in page_commands(PAGE)]
    assert found == [
        ("console", "one", ("printed",), 0),
        ("console", "two \\\n    --option", (), 0),
        ("console", "three  # exits with 2", ("wrong",), 2),
        ("console", "hidden", (), 0),
        ("pycon", "if True:\n    x = 1", (), 0),
        ("pycon", "x", ("1",), 0),
    ]
    assert [one.hidden for one in page_commands(PAGE)] == [False, False, False, True, False, False]


def test_an_output_that_is_left_out_below_python() -> None:
    (one,) = page_commands("```pycon\n>>> 1\n...\n```\n")
    assert (one.command, one.output) == ("1", ("...",))


def test_other_outputs_are_put_below_their_commands() -> None:
    one, two, *_ = page_commands(PAGE)
    page = with_outputs(PAGE, [(one, ["a", "b"]), (two, ["c"])])
    assert "$ one\na\nb\n$ two \\\n>     --option\nc\n$ three" in page
    assert [each.output for each in page_commands(page)[:2]] == [("a", "b"), ("c",)]
    again = zip(page_commands(page)[:2], (one.output, two.output), strict=True)
    assert with_outputs(page, list(again)) == PAGE


def test_a_fence_without_a_command_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2: a console fence begins with '\\$ ', found 'output'"):
        page_commands("```console\noutput\n```\n")
