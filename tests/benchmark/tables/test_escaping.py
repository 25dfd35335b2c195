from __future__ import annotations

import pytest

from mswal_bench.benchmark.tables.escaping import is_unicode, plain_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Männer, 腹部 <b>", "Männer, 腹部 <b>"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("one\nerror: two\r", r"one\nerror: two\r"),
        ("gpj.exe\u202e", r"gpj.exe\u202e"),
        ("half \ud800", r"half \ud800"),
    ],
)
def test_what_cannot_be_seen_is_escaped(text: str, shown: str):
    assert plain_text(text) == shown


def test_a_byte_that_is_no_letter_is_noticed():
    assert is_unicode("Männer, 腹部")
    assert not is_unicode("Caf\udce9")
