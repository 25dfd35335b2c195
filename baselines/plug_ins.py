"""Finds the methods that other packages offer, and loads one with everything that can be wrong with it told.

A package offers a method by an entry point of the group `mswal_bench.methods`: the method's name, and where the object
lies (`hu-table = "hu_table:METHOD"`). Finding reads what pip has written of the installed packages, which is quick;
only loading runs code of theirs.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .fidelity import card_faults, text_faults
from .method import Budget, Method

if TYPE_CHECKING:
    from importlib.metadata import Distribution

GROUP = "mswal_bench.methods"
"""The group of entry points that a package offers its methods in."""
NAME_WORDS = "1 to 60 small letters, digits and hyphens, not a hyphen first"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
VARIANT_WORDS = "1 to 20 letters, digits and hyphens"
_VARIANT = re.compile(r"[A-Za-z0-9-]{1,20}")


@dataclass(frozen=True)
class PlugIn:
    """A method that another package offers, as pip knows of it. It may turn out to be none."""

    name: str
    """As the entry point has it, and a user types it."""
    package: str
    version: str
    reference: str
    """Where the object lies: `hu_table:METHOD`."""

    @property
    def origin(self) -> str:
        """Package and version, for a sentence."""
        return f"{self.package} {self.version}"


class PlugInError(Exception):
    """A plug-in cannot be used. The sentences say why, and what to do."""

    def __init__(self, plug_in: PlugIn, faults: Sequence[str], mend: str = ""):
        super().__init__(plug_in, tuple(faults), mend)
        self.plug_in = plug_in
        self.faults = tuple(faults)
        """Each half a sentence: `its card is a dict, not a FidelityCard`."""
        remove = f'"{sys.executable}" -m pip uninstall {plug_in.package}'
        self.mend = f"{mend or 'Update the package'}, or remove it: {remove}"

    def __str__(self) -> str:
        return f"{self.plug_in.origin}, {self.plug_in.name}: {'; '.join(self.faults)}. {self.mend}"


def find_plug_ins(path: Sequence[str] | None = None) -> tuple[PlugIn, ...]:
    """Everything that the packages on `path`, which is `sys.path` if not given, offer as a method, sorted by name.

    Of a package that is there twice, the first counts, which is the one that is imported. Nothing is loaded.
    """
    from importlib import metadata

    found: dict[str, list[PlugIn]] = {}
    for distribution in metadata.distributions(path=sys.path if path is None else list(path)):
        # Whatever a broken installation of anything else has left is none of our business.
        with suppress(Exception):
            name = distribution.metadata["Name"]
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), list(_offered(distribution, name)))
    return tuple(sorted((each for offered in found.values() for each in offered), key=lambda each: each.name))


def _offered(distribution: Distribution, package: str) -> Iterator[PlugIn]:
    # Most packages offer nothing here: their files are not parsed, whatever is in them.
    if GROUP in (distribution.read_text("entry_points.txt") or ""):
        for point in distribution.entry_points.select(group=GROUP):
            yield PlugIn(point.name, package, distribution.version or "of no version", point.value)


def name_faults(plug_in: PlugIn, taken: Mapping[str, str]) -> list[str]:
    """What is wrong with its name. `taken` says by name who else has it: `mswal-bench itself`."""
    if not _NAME.fullmatch(plug_in.name):
        return [f"{plug_in.name!r} is no name for a method: expected {NAME_WORDS}"]
    return [f"the name {plug_in.name} is taken by {taken[plug_in.name]}"] if plug_in.name in taken else []


def load_plug_in(plug_in: PlugIn, taken: Mapping[str, str]) -> Method:
    """The method, imported and checked. `taken` says of every other name who has it.

    Raises PlugInError when the name is taken or no name, when importing fails in whatever way, and when the object is
    no method, or one with a wrong name, card, settings or variants: with all of that at once.
    """
    if faults := name_faults(plug_in, taken):
        raise PlugInError(plug_in, faults, "Give it another name in the package's pyproject.toml")
    method = _imported(plug_in)
    if isinstance(method, type) and issubclass(method, Method):
        made = f"{method.__name__}()"
        raise PlugInError(plug_in, [f"{plug_in.reference} is a class of methods: expected a method, as in {made}"])
    if not isinstance(method, Method):
        expected = "a Method of mswal_bench.baselines.method"
        raise PlugInError(plug_in, [f"{plug_in.reference} is {_kind(method)}: expected {expected}"])
    try:
        faults = [*_faults(method, plug_in.name), *_variant_faults(method, plug_in.name, taken)]
    except Exception as error:
        faults = [f"asking what it is raises {_told(error)}"]
    if faults:
        raise PlugInError(plug_in, faults)
    return method


def _imported(plug_in: PlugIn) -> object:
    from importlib.metadata import EntryPoint

    try:
        # What a command prints is its own; nnU-Net v1 greets whoever imports it.
        with redirect_stdout(sys.stderr):
            return EntryPoint(plug_in.name, plug_in.reference, GROUP).load()
    except (Exception, SystemExit) as error:
        missing = isinstance(error, ModuleNotFoundError)
        mend = "Install the missing module, update the package" if missing else ""
        raise PlugInError(plug_in, [f"importing {plug_in.reference} raises {_told(error)}"], mend) from error


def _faults(method: Method, name: str) -> Iterator[str]:
    found = getattr(method, "name", None)
    if found != name:
        yield f"its name is {found!r}: expected {name!r}, as in the entry point"
    for field in ("title", "publication"):
        yield from text_faults(f"its {field}", getattr(method, field, None))
    if not _is_list_of_text(method.packages):
        yield f"its packages are {method.packages!r}: expected a tuple of the names of modules"
    if not isinstance(method.extras, str):
        yield f"its extras are {method.extras!r}: expected a text, as in 'train'"
    for budget in Budget:
        settings = method.settings(budget)
        try:
            json.dumps(settings, sort_keys=True, allow_nan=False)
        except (TypeError, ValueError) as error:
            yield f"its settings under the budget {budget} are no plain values that JSON can hold ({error})"
        if not isinstance(settings, Mapping):
            yield f"its settings under the budget {budget} are {_kind(settings)}: expected a mapping"
        elif budget is Budget.PAPER:
            yield from (f"its card is wrong: {fault}" for fault in card_faults(getattr(method, "card", None), settings))


def _variant_faults(method: Method, name: str, taken: Mapping[str, str]) -> Iterator[str]:
    variants = method.variants()
    if not isinstance(variants, Mapping):
        yield f"its variants are {_kind(variants)}: expected a mapping of names to methods"
        return
    for variant, each in variants.items():
        whole = f"{name}-{variant}"
        if not isinstance(variant, str) or not _VARIANT.fullmatch(variant):
            yield f"{variant!r} is no name for a variant: expected {VARIANT_WORDS}"
        elif not isinstance(each, Method):
            yield f"its variant {variant} is {_kind(each)}: expected a Method"
        elif whole in taken:
            yield f"the name {whole} of its variant {variant} is taken by {taken[whole]}"
        else:
            yield from (f"of its variant {variant}, {fault}" for fault in _faults(each, whole))


def _is_list_of_text(found: object) -> bool:
    return isinstance(found, Collection) and not isinstance(found, str) and all(isinstance(each, str) for each in found)


def _told(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__} ({text})" if text else type(error).__name__


def _kind(found: object) -> str:
    return "nothing" if found is None else f"of the type {type(found).__name__}"
