from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from mswal_bench.benchmark.tables.terminal_letters import as_printed, print_on_any_terminal

PRINTED = "─ 腹 é ≥ – × ² \udce9 ✓ →"  # noqa: RUF001


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("latin-1", r"- ? é >= - × ² \xe9 y ->"),  # noqa: RUF001
        ("cp1252", r"- ? é >= – × ² \xe9 y ->"),  # noqa: RUF001
        ("cp437", r"─ ? é ≥ - x ² \xe9 y ->"),
        ("ascii", r"- ? e >= - x 2 \xe9 y ->"),
        ("utf-8", r"─ 腹 é ≥ – × ² \xe9 ✓ →"),  # noqa: RUF001
    ],
)
def test_what_an_encoding_lacks_has_a_look_alike(monkeypatch: pytest.MonkeyPatch, encoding: str, shown: str) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding, errors="strict"))
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    print_on_any_terminal()
    print(PRINTED, end="", flush=True)
    assert written.getvalue().decode(encoding) == shown == as_printed(PRINTED)


def test_what_is_no_stream_of_text_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")
    print_on_any_terminal()
    assert os.environ["PYTHONIOENCODING"] == "utf-8:strict"


def test_processes_that_are_started_print_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    print_on_any_terminal()
    done = subprocess.run([sys.executable, "-c", "print('\\u2265')"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"\\u2265\n")
