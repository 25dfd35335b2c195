from __future__ import annotations

import os

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


def test_names_that_are_not_utf8():
    assert is_unicode("Männer 腹部.nii.gz")
    assert not is_unicode(os.fsdecode(b"M\xe9thode"))
    assert not is_unicode("half \ud800")
