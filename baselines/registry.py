"""Knows every method by the name it has on the command line: this package's, then those of plug-ins.

A new method of this package is one module and one line here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from . import inception_nnunet, mednext, nnformer, nnunet_resenc, nnunet_v1, nnunet_v2, swin_unetr
from .method import Method
from .plug_ins import PlugIn, PlugInError, find_plug_ins, load_plug_in, name_faults

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        inception_nnunet.METHOD,
        nnunet_v1.METHOD,
        nnunet_v2.METHOD,
        nnunet_resenc.METHOD,
        mednext.METHOD,
        nnformer.METHOD,
        swin_unetr.METHOD,
    )
}
"""The methods of this package. No plug-in can be in the way of one."""


def method_names() -> tuple[str, ...]:
    """The names of this package's methods and of all plug-ins that may have the name they ask for.

    Quick: no plug-in is loaded, and so one that turns out to be broken is among them.
    """
    return (*METHODS, *(each.name for each in plug_ins() if not name_faults(each, _taken(each))))


def find_method(name: str) -> Method | None:
    """The method of that name; None where there is none. Of the plug-ins, only the one that is asked for is loaded.

    Raises PlugInError when that one is broken.
    """
    if name in METHODS:
        return METHODS[name]
    plug_in = next((each for each in plug_ins() if each.name == name), None)
    return None if plug_in is None else _loaded(plug_in)


def find_variant(name: str) -> tuple[str, str | None] | None:
    """The method and its variant that a run's name stands for: `inception-nnunet` and `II` of `inception-nnunet-II`.

    None where nothing has that name; a broken plug-in has none.
    """
    for method in (*METHODS.values(), *(loaded for _, loaded in _working(name))):
        if method.name == name:
            return name, None
        for variant, made in method.variants().items():
            if made.name == name:
                return method.name, variant
    return None


def all_methods() -> tuple[list[Method], list[PlugInError]]:
    """Every method that works, this package's first, and why the other plug-ins do not. Loads all of them."""
    methods, broken = list(METHODS.values()), list[PlugInError]()
    for plug_in in plug_ins():
        try:
            methods.append(_loaded(plug_in))
        except PlugInError as error:
            broken.append(error)
    return methods, broken


def refused_names() -> list[PlugInError]:
    """The plug-ins that `method_names` leaves out, and why. None is loaded."""
    faults = ((each, name_faults(each, _taken(each))) for each in plug_ins())
    return [PlugInError(each, found) for each, found in faults if found]


def plug_in_of(method: Method) -> PlugIn | None:
    """The plug-in that a method, or a variant of one, came from; None of this package's own and of an unknown one."""
    for plug_in, loaded in _working(method.name):
        # A plug-in may make its variants anew whenever it is asked.
        if any(_is_same(method, each) for each in (loaded, *loaded.variants().values())):
            return plug_in
    return None


@cache
def plug_ins() -> tuple[PlugIn, ...]:
    """What other packages offer, as they are installed when this is first asked."""
    return find_plug_ins()


def _loaded(plug_in: PlugIn) -> Method:
    return load_plug_in(plug_in, _taken(plug_in))


def _working(name: str) -> Iterator[tuple[PlugIn, Method]]:
    """The plug-ins that the name may be of, a variant's too, without those that are broken."""
    for plug_in in plug_ins():
        if f"{name}-".startswith(f"{plug_in.name}-"):
            with suppress(PlugInError):
                yield plug_in, _loaded(plug_in)


def _taken(asking: PlugIn) -> dict[str, str]:
    """Who has which name but the one that asks. Where two plug-ins ask for one name, neither gets it: which of them a
    run means must not depend on the order in which they were installed."""
    others = {each.name: each.origin for each in plug_ins() if each != asking}
    own = {each.name for method in METHODS.values() for each in (method, *method.variants().values())}
    return others | dict.fromkeys(own, "mswal-bench itself")


def _is_same(method: Method, other: Method) -> bool:
    return type(method) is type(other) and method.name == other.name
