"""Finds the method that a user names, and says what is missing to train it."""

from __future__ import annotations

import sys
from importlib import metadata, resources
from importlib.util import find_spec

from mswal_bench.baselines.method import Method
from mswal_bench.baselines.plug_ins import PlugInError
from mswal_bench.baselines.registry import find_method, method_names, plug_in_of
from mswal_bench.benchmark.core.errors import BenchError, Problem, raise_if_any
from mswal_bench.benchmark.core.suggestions import did_you_mean


def chosen_method(name: str, variant: str | None = None) -> Method:
    """The method `name`, of this package or a plug-in, or a variant of it.

    Raises BenchError when there is none of that name, and for a plug-in that is broken.
    """
    try:
        method = find_method(name)
    except PlugInError as error:
        raise BenchError(*plug_in_problems(error)) from error
    if method is None:
        names = method_names()
        expected = f"one of: {', '.join(names)}"
        raise BenchError(Problem(f"there is no method {name!r}", expected=expected, mend=did_you_mean(name, names)))
    if variant is None:
        return method
    variants = method.variants()
    if variant not in variants:
        known = ", ".join(variants) or "none"
        what = f"{name} has no variant {variant!r}"
        raise BenchError(Problem(what, expected=f"one of: {known}", mend=did_you_mean(variant, variants)))
    return variants[variant]


def plug_in_problems(error: PlugInError) -> list[Problem]:
    """A problem for each thing that is wrong with a plug-in; the last says what to do."""
    plug_in, last = error.plug_in, len(error.faults)
    where = f"{plug_in.origin}, entry point {plug_in.name} = {plug_in.reference}"
    return [
        Problem(f"this method cannot be used: {fault}", where, mend=error.mend if number == last else "")
        for number, fault in enumerate(error.faults, 1)
    ]


def require_training_packages(method: Method) -> None:
    """Raises BenchError when what trains `method` is not installed."""
    # The last measures what a run takes, whatever the method.
    missing = dict.fromkeys(method.packages, method.extras) | {"psutil": method.extras or "train"}
    missing = {name: extras for name, extras in missing.items() if find_spec(name.partition(".")[0]) is None}
    problems = []
    for extras in dict.fromkeys(missing.values()):
        names = ", ".join(name for name in missing if missing[name] == extras)
        advice = install_advice(extras) if extras else _advice_of_plug_in(method)
        problems.append(Problem(f"{method.name} needs packages that are not installed: {names}", mend=advice))
    raise_if_any(problems)


def _advice_of_plug_in(method: Method) -> str:
    plug_in = plug_in_of(method)
    if plug_in is None:
        return "Install them as the method's authors say."
    return f'Install them with: "{sys.executable}" -m pip install "{plug_in.package}=={plug_in.version}"'


def install_advice(extras: str) -> str:
    """A sentence that ends with the command for `extras`, as in `train,nnunet1`, in an installation of any kind.

    It takes the versions that everything is tested with: the package has them with it, in `constraints.txt`. A torch
    that is there in another version stays, for it may be the one that fits the machine's driver; it is named, for pip
    left to itself takes the newest torchvision, which nnU-Net needs through timm, and with it the newest torch.
    """
    constraints = resources.files(__package__.partition(".")[0]).joinpath("constraints.txt")
    tested = dict(line.split("==") for line in constraints.read_text(encoding="utf-8").splitlines() if "==" in line)
    pip = f'"{sys.executable}" -m pip install'
    torch = _installed("torch")
    if torch is None or torch.partition("+")[0] == tested["torch"]:
        return f'Install them with: {pip} -c "{constraints}" "mswal-bench[{extras}]"'
    return (
        f"Everything is tested with torch {tested['torch']} and the other versions in {constraints}. To keep your "
        f'torch, install the missing packages with: {pip} "mswal-bench[{extras}]" "torch=={torch}"'
    )


def _installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
