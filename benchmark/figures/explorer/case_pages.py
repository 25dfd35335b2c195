"""Writes the pages of cases, and beside them the viewer that all of them use."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from importlib import metadata, resources
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from mswal_bench.benchmark.core.vendored import vendored
from mswal_bench.benchmark.data.scoring_protocol import Protocol

from .case_content import CaseContent

_PACKAGE = "mswal_bench.benchmark.figures.explorer"
_VIEWER = "viewer"


def viewer_files() -> Mapping[str, bytes]:
    """Returns the files that the pages of a folder share, by their paths in it."""
    package = resources.files(_PACKAGE)
    own = {file.name: file.read_bytes() for file in package.joinpath("assets").iterdir() if file.is_file()}
    others = {
        _name(file): package.joinpath("vendor", *file.split("/")).read_bytes()
        for library in vendored(_PACKAGE)
        for file in library["files"]
    }
    return {f"{_VIEWER}/{name}": content for name, content in (own | others).items()}


def case_page_files(
    case: str, content: CaseContent, protocol: Protocol, *, back: str, back_text: str
) -> Mapping[str, bytes]:
    """Returns the page of a case and its script, by their names; `back` is where a reader comes from."""
    page = _templates().get_template("case.html.j2")
    libraries = [
        {
            **library,
            "notice": next(_name(file) for file in library["files"] if file.endswith("/LICENSE.txt")),
            "bundled": next(_name(file) for file in library["files"] if file.endswith("/LICENSE-bundled.txt")),
        }
        for library in vendored(_PACKAGE)
    ]
    text = page.render(
        case=case,
        script=quote(f"{case}.js"),
        back=back,
        back_text=back_text,
        protocol=protocol.id,
        match_iou=_decimal(protocol.match_iou),
        version=metadata.version("mswal-bench"),
        libraries=libraries,
    )
    return {page_name(case): f"{text}\n".encode(), f"{case}.js": content.script}


def page_name(case: str) -> str:
    """Returns the name of a case's page."""
    return f"{case}.html"


def page_link(folder: str, case: str, method: str | None = None, lesion: str | None = None) -> str:
    """Returns the address of a case's page in `folder`, which opens with a method and the key of a lesion type."""
    asked = {"method": method, "type": lesion}
    words = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items() if value is not None)
    return f"{folder}{quote(page_name(case))}" + (f"#{words}" if words else "")


def _templates() -> Environment:
    return Environment(
        loader=PackageLoader(_PACKAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _name(vendored_file: str) -> str:
    """Returns what a library's file is called beside the pages: licences keep the library's name."""
    folder, _, name = vendored_file.partition("/")
    return f"{folder}-{name}" if "LICENSE" in name else name


def _decimal(fraction: Fraction) -> str:
    return f"{float(fraction):g}"
