from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.data.prepare.cases_table import cases_table
from mswal_bench.benchmark.data.prepare.mswal_layouts import find_mswal

if TYPE_CHECKING:
    from .conftest import MakeFolder


def table(make_mswal: MakeFolder, content: bytes | None) -> tuple[str, tuple[str, ...]]:
    source = make_mswal(image="wab_MSWAL_{:04d}.nii.gz", label="wab_MSWAL_{:04d}.nii.gz", train=2, test=1)
    if content is not None:
        (source / "cases.csv").write_bytes(content)
    return cases_table(find_mswal(source, partial=True))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"case,sex\nwab_MSWAL_0002,male\n", "case,sex\nMSWAL_0002,male\n"),
        (b"\xef\xbb\xbfcase,sex\r\nwab_MSWAL_0002,male\r\n", "case,sex\nMSWAL_0002,male\n"),
        (b"sex,case,phase\nmale,wab_MSWAL_0001,\nmale\n\n", "sex,case,phase\nmale,MSWAL_0001,\n"),
        (b"case\nMSWAL_0099\n", "case\n"),
    ],
)
def test_the_rows_of_the_cases_that_are_there_wherever_the_column_is(
    make_mswal: MakeFolder, content: bytes, expected: str
) -> None:
    assert table(make_mswal, content) == (expected, ())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"patient,sex\n1,male\n", "its columns are patient, sex"),
        (b"case;sex\n1;male\n", "its columns are case;sex"),
        (b"", "it is empty"),
    ],
)
def test_a_table_without_the_column_is_not_dropped_without_a_word(
    make_mswal: MakeFolder, content: bytes, why: str
) -> None:
    text, notes = table(make_mswal, content)
    assert not text
    assert notes == (f"cases.csv is left out, for it has no column 'case': {why}",)


def test_no_table(make_mswal: MakeFolder) -> None:
    assert table(make_mswal, None) == ("", ())


def test_a_table_that_cannot_be_read(make_mswal: MakeFolder) -> None:
    with pytest.raises(BenchError, match="cannot be read as a table"):
        table(make_mswal, b"case,sex\nMSWAL_0001,m\xe4nnlich\n")
