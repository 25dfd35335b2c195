"""Letters that a terminal's encoding lacks are printed as others that look alike, in the place of a traceback."""

# ruff: noqa: RUF001
from __future__ import annotations

import codecs
import io
import os
import sys
from unicodedata import normalize

from .plain_text import unicode_name

_ERRORS = "mswal_bench.look_alike"
_ASCII = "mswal_bench_ascii"
_LOOK_ALIKES = {
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "─": "-", "━": "-", "═": "=", "│": "|", "┃": "|",
    "‘": "'", "’": "'", "“": "'", "”": "'", "…": "~", "·": ".", "•": "*", "×": "x", "±": "+-", "µ": "u", "μ": "u",
    "≥": ">=", "≤": "<=", "≠": "!=", "≈": "~", "→": "->", "←": "<-", "↑": "^", "↓": "v", "✓": "y", "✗": "n", "ß": "ss",
    "°": " deg", "∞": "inf", "Ø": "O", "ø": "o", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L",
}  # fmt: skip


def print_on_any_terminal() -> None:
    r"""Lets this process print whatever it is given, wherever its stdout and stderr lead.

    What an encoding lacks becomes its look-alike (`─` a hyphen, `≥` a `>=`, `é` an e), or `?` where it has none. Bytes
    of a file name that is not UTF-8 become `\xe9`. What the encoding has is printed as it is. Processes that are
    started from here, of other packages too, print escapes for what they cannot print.
    """
    codecs.register_error(_ERRORS, _look_alike)
    for stream in {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__}:
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if codecs.lookup(stream.encoding).name == "ascii":
            # click takes ASCII for a mistake and prints UTF-8: it must not know it by this name.
            codecs.register(_plain_ascii)
            stream.reconfigure(encoding=_ASCII, errors=_ERRORS)
        else:
            stream.reconfigure(errors=_ERRORS)
    inherited = os.environ.get("PYTHONIOENCODING", "")
    if ":" not in inherited:
        os.environ["PYTHONIOENCODING"] = f"{inherited}:backslashreplace"


def as_printed(text: str) -> str:
    """The text as stdout shows it, for what is laid out by its letters' number."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, sys.stdout.errors or "strict").decode(encoding)


def _look_alike(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    encoding = "ascii" if error.encoding == _ASCII else error.encoding
    letters = error.object[error.start : error.end]
    return "".join(_replaced(letter, encoding) for letter in letters), error.end


def _replaced(letter: str, encoding: str) -> str:
    if "\ud800" <= letter <= "\udfff":
        # So Python holds a byte of a file name that is not UTF-8.
        return unicode_name(letter)
    # Taken apart, an accented letter is a letter and an accent, and a superscript a digit.
    return _LOOK_ALIKES.get(letter) or normalize("NFKD", letter).encode(encoding, "ignore").decode(encoding) or "?"


def _plain_ascii(name: str) -> codecs.CodecInfo | None:
    ascii_ = codecs.lookup("ascii")
    if name != _ASCII:
        return None
    return codecs.CodecInfo(
        ascii_.encode,
        ascii_.decode,
        ascii_.streamreader,
        ascii_.streamwriter,
        ascii_.incrementalencoder,
        ascii_.incrementaldecoder,
        name=_ASCII,
    )
