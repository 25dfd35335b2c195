from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mswal_bench.benchmark.submissions.package.plain_yaml import MOST_BYTES, PlainYamlError, read_plain_yaml
from mswal_bench.tests.counted_calls import at_most_calls


def test_text_numbers_lists_and_fields():
    text = b"\xef\xbb\xbfa: text\nb: [1, 1.5, 1e3, 1e-3, 1e99, true, '1', ~]\nc:\n  d: 2026-11-23\n# e: no\n"
    text += b"on: |\n  two\n  lines\n"
    values = {"a": "text", "b": [1, 1.5, 1000, 1e-3, 1e99, True, "1", None], "c": {"d": date(2026, 11, 23)}}
    assert read_plain_yaml(text) == {**values, "on": "two\nlines\n"}
    assert isinstance(read_plain_yaml(b"31.2e6"), int)
    assert read_plain_yaml(b"# nothing") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: !!python/object/apply:os.system [true]", "the tag !!python/object/apply:os.system"),
        ("a: !!str 1", "the tag !!str"),
        ("a: !x", "the tag !x"),
        ("a: &bomb [1, 2]\nb: [*bomb, *bomb]", "the anchor &bomb"),
        ("a: *nobody", "the alias *nobody"),
        ("a: 1\nb: 2\na: 3", "line 3: the field 'a' a second time"),
        ("a: {b: 1, b: 2}", "line 1: the field 'b' a second time"),
        ("a: 1\n---\nb: 2", "a second document"),
        ("[" * 11 + "]" * 11, "more than 10 deep"),
        ("[" + "1," * 20_000 + "]", "more than 10000 values"),
        ("[a]: 1", "whose name is a list"),
        ("a: " + "9" * 5000, "a number of 5000 characters"),
        ("a: 2026-02-30", "'2026-02-30'; put it in quotes"),
        ("a: [1", "line 1, column"),
        ("a:\n\t- b", "cannot start any token"),
        ('a: "\\U99999999"', "is no character"),
        ("a: \x1b[31m", "the character U+001B"),
    ],
)
def test_what_is_more_than_plain_is_refused(text: str, said: str):
    with pytest.raises(PlainYamlError) as refused:
        read_plain_yaml(text.encode())
    assert said in str(refused.value)


def test_a_tag_runs_nothing(tmp_path):
    with pytest.raises(PlainYamlError):
        read_plain_yaml(f"!!python/object/apply:os.mkdir ['{tmp_path / 'made'}']".encode())
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("data", [b"\xff\xfea: 1", b"a: \xe9"])
def test_another_encoding_is_refused(data: bytes):
    with pytest.raises(PlainYamlError, match="is not UTF-8"):
        read_plain_yaml(data)


@pytest.mark.parametrize(
    "piece", ["[", "- ", "? ", "{a: ", "a: ", "&a [", "!!str ", "#\n", "%TAG ! a\n", '"', "'\n", ": "]
)
def test_the_largest_file_takes_bounded_time(piece: str):
    # What goes with the square of the size would make billions.
    with at_most_calls(200 * MOST_BYTES), suppress(PlainYamlError):
        read_plain_yaml((piece * (MOST_BYTES // len(piece))).encode())


def test_a_billion_laughs_are_refused_at_once():
    lines = ["a: &a0 [ha, ha]", *(f"b{n}: &a{n + 1} [*a{n}, *a{n}, *a{n}, *a{n}]" for n in range(40))]
    with pytest.raises(PlainYamlError, match="line 1: the anchor &a0"):
        read_plain_yaml("\n".join(lines).encode())


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(
        st.binary(max_size=200), st.text(alphabet="ab:-[]{}&*!|>'\"\\#%@`,? \n\t0.e~", max_size=80).map(str.encode)
    )
)
def test_whatever_comes_is_read_or_refused(data: bytes):
    with suppress(PlainYamlError):
        read_plain_yaml(data)
