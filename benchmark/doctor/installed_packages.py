"""Compares installed packages with those that this package asks for, and with the versions that it is tested with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

PACKAGE = "mswal-bench"
EXTRAS: Mapping[str, str] = {
    "train": "run, launch, transfer and predict; models on nnU-Net v2",
    "nnunet1": "the method nnunet-v1; beside train",
    "parquet": "leaderboard build --parquet",
}
"""The extras for users, and what each is for. Others are for who works on this package."""

_WITH_TORCH = ("train", "nnunet1")

State = Literal["as tested", "other than tested", "not tested", "unfit", "missing"]


@dataclass(frozen=True)
class InstalledPackage:
    """A package that is asked for, as it is found here."""

    name: str
    version: str | None
    """None where it is missing."""
    wanted: str
    """The versions that will do, as in `>=2.0`; empty where any will."""
    tested: str | None
    """The version that everything is tested with; None where no single one is."""

    @property
    def state(self) -> State:
        if self.version is None:
            return "missing"
        if not self._fits:
            return "unfit"
        if self.tested is None:
            return "not tested"
        # A build of torch for one kind of GPU has a version of its own: 2.10.0+cu128.
        return "as tested" if self.version.partition("+")[0] == self.tested else "other than tested"

    @property
    def _fits(self) -> bool:
        try:
            return Requirement(f"{self.name}{self.wanted}").specifier.contains(
                Version(self.version or ""), prereleases=True
            )
        except InvalidVersion:
            return False

    @property
    def words(self) -> str:
        """What is to be said of it."""
        return {
            "as tested": "as tested",
            "other than tested": f"tested with {self.tested}",
            "not tested": "not among the tested",
            "unfit": f"needed is {self.name}{self.wanted}",
            "missing": f"missing; tested with {self.tested}" if self.tested else "missing",
        }[self.state]


@dataclass(frozen=True)
class InstalledExtra:
    """One of this package's extras, as it is found here."""

    name: str
    purpose: str
    packages: tuple[InstalledPackage, ...]
    install: str | None
    """The command that installs what is missing or unfit; None where all is there."""


def installed_core(requirements: Iterable[str] | None = None) -> tuple[InstalledPackage, ...]:
    """The packages that are needed without any extra. `requirements` are as a wheel lists them, by default our own."""
    return _found(_required(requirements), "")


def installed_extras(requirements: Iterable[str] | None = None) -> tuple[InstalledExtra, ...]:
    """The extras for users; one that the installed package does not know is left out."""
    extras = []
    required = _required(requirements)
    for name, purpose in EXTRAS.items():
        packages = _found(required, name)
        if packages:
            whole = all(each.state not in ("missing", "unfit") for each in packages)
            extras.append(InstalledExtra(name, purpose, packages, None if whole else _install(name)))
    return tuple(extras)


def constraints_file() -> Path:
    """Where the versions lie that everything is tested with, for pip's option -c."""
    return Path(str(resources.files(__name__.partition(".")[0]).joinpath("constraints.txt")))


def _install(extra: str) -> str:
    """The command, without a folder's name in it: it is pasted into reports.

    A torch that is there in another version stays, for it may be the one that fits the machine's driver.
    """
    torch = _version("torch")
    if extra in _WITH_TORCH and torch is not None and torch.partition("+")[0] != _tested().get("torch"):
        return f'pip install "{PACKAGE}[{extra}]" "torch=={torch}"'
    return f'pip install -c "$({PACKAGE} doctor --constraints)" "{PACKAGE}[{extra}]"'


def _required(requirements: Iterable[str] | None) -> list[Requirement]:
    listed = metadata.requires(PACKAGE) or [] if requirements is None else requirements
    return [Requirement(each) for each in listed]


def _found(required: Iterable[Requirement], extra: str) -> tuple[InstalledPackage, ...]:
    tested = _tested()
    packages = []
    for each in required:
        of_core = each.marker is None or each.marker.evaluate({"extra": ""})
        asked = of_core if not extra else each.marker is not None and each.marker.evaluate({"extra": extra})
        if asked and not (extra and of_core):
            name = canonicalize_name(each.name)
            packages.append(InstalledPackage(name, _version(each.name), str(each.specifier), tested.get(name)))
    return tuple(sorted(packages, key=lambda package: package.name))


def _tested() -> dict[str, str]:
    lines = constraints_file().read_text(encoding="utf-8").splitlines()
    pinned = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {str(canonicalize_name(name)): version for name, version in pinned}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
