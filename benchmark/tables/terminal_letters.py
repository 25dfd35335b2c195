"""Prints look-alikes of the letters that a terminal's encoding lacks, where Python would raise an error."""

# ruff: noqa: RUF001
from __future__ import annotations

import codecs
import io
import os
import sys
from unicodedata import normalize

from .escaping import unicode_name

_ERRORS = "mswal_bench.look_alike"
_ASCII = "mswal_bench_ascii"
_LOOK_ALIKES = {
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "─": "-", "━": "-", "═": "=", "│": "|", "┃": "|",
    "‘": "'", "’": "'", "“": "'", "”": "'", "…": "~", "·": ".", "•": "*", "×": "x", "±": "+-", "µ": "u", "μ": "u",
    "≥": ">=", "≤": "<=", "≠": "!=", "≈": "~", "→": "->", "←": "<-", "↑": "^", "↓": "v", "✓": "y", "✗": "n", "ß": "ss",
    "°": " deg", "∞": "inf", "Ø": "O", "ø": "o", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L",
}  # fmt: skip


def print_on_any_terminal() -> None:
    r"""Lets this process print any text to stdout and stderr, whatever their encoding.

    A letter that the encoding lacks becomes its look-alike (`─` a hyphen, `≥` a `>=`, `é` an e), or `?` where there is
    none. Bytes of a file name that are not UTF-8 are written as `\xe9`. All other letters stay. Processes started from
    here, by other packages too, print escapes for what they cannot print.
    """
    for stream in {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__}:
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if codecs.lookup(stream.encoding).name == "ascii":
            # click takes ASCII for a mistake and prints UTF-8 instead, unless the encoding has another name.
            codecs.register(_plain_ascii)
            stream.reconfigure(encoding=_ASCII, errors=_ERRORS)
        else:
            stream.reconfigure(errors=_ERRORS)
    inherited = os.environ.get("PYTHONIOENCODING", "")
    if ":" not in inherited:
        os.environ["PYTHONIOENCODING"] = f"{inherited}:backslashreplace"


def as_printed(text: str) -> str:
    """Returns the text as stdout shows it, so that it can be laid out by the number of its letters.

    Where stdout would raise for a letter that it lacks, as in a script of somebody else, it is the look-alike.
    """
    encoding = sys.stdout.encoding or "utf-8"
    errors = sys.stdout.errors or "strict"
    return text.encode(encoding, _ERRORS if errors == "strict" else errors).decode(encoding)


def _look_alike(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    encoding = "ascii" if error.encoding == _ASCII else error.encoding
    letters = error.object[error.start : error.end]
    return "".join(_replaced(letter, encoding) for letter in letters), error.end


def _replaced(letter: str, encoding: str) -> str:
    if "\ud800" <= letter <= "\udfff":
        # Python holds a byte of a file name that is not UTF-8 as such a letter.
        return unicode_name(letter)
    # Normalised, an accented letter becomes a letter and an accent, and a superscript a digit.
    return _LOOK_ALIKES.get(letter) or normalize("NFKD", letter).encode(encoding, "ignore").decode(encoding) or "?"


codecs.register_error(_ERRORS, _look_alike)


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
