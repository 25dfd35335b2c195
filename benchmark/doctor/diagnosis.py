"""Makes a diagnosis of this installation."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from mswal_bench.baselines.registry import METHODS, plug_ins, refused_names
from mswal_bench.benchmark.core.environment import git_state

from .installed_packages import PACKAGE, InstalledExtra, InstalledPackage, installed_core, installed_extras
from .machine import Machine, this_machine
from .trial import try_core, try_torch


@dataclass(frozen=True)
class Torch:
    """What torch says of itself."""

    version: str
    cuda: str | None
    """The CUDA that it is built for; None for CPUs alone."""
    gpus: tuple[str, ...]
    """Those that it computes on."""
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Diagnosis:
    """What a bug report needs to say of an installation; no person, machine or folder is named."""

    version: str
    installed_as: str
    """`wheel`, or `editable` where the sources are in use where they lie."""
    commit: str | None
    commit_is_changed: bool | None
    python: str
    machine: Machine
    core_faults: tuple[str, ...]
    """Why the core does not work: a sentence each; empty where it does."""
    core: tuple[InstalledPackage, ...]
    extras: tuple[InstalledExtra, ...]
    torch: Torch | None
    """None where it is not installed."""
    methods: tuple[str, ...]
    plug_ins: tuple[str, ...]
    """`NAME of PACKAGE VERSION`; whether one works, `mswal-bench methods` tells."""
    refused_plug_ins: tuple[str, ...]
    """Names of plug-ins that this program does not take."""


def diagnose() -> Diagnosis:
    """Examines this installation. It takes some seconds, for packages are imported in other processes."""
    core, extras = installed_core(), installed_extras()
    with ThreadPoolExecutor() as pool:
        torch = pool.submit(_torch, extras)
        # Those that are missing are told of by themselves.
        trial = pool.submit(try_core, [each.name for each in core if each.version is not None])
        commit, changed = git_state(Path(str(resources.files(__name__.partition(".")[0]))))
        return Diagnosis(
            version=metadata.version(PACKAGE),
            installed_as="editable" if _is_editable() else "wheel",
            commit=commit,
            commit_is_changed=changed,
            python=f"{platform.python_version()} {platform.python_implementation()}",
            machine=this_machine(),
            core_faults=(*_unfit(core), *trial.result().faults),
            core=core,
            extras=extras,
            torch=torch.result(),
            methods=tuple(METHODS),
            plug_ins=tuple(f"{each.name} of {each.origin}" for each in plug_ins()),
            refused_plug_ins=tuple(error.plug_in.name for error in refused_names()),
        )


def diagnosis_json(diagnosis: Diagnosis) -> str:
    """The diagnosis for programs. Packages have their state too."""
    content = asdict(diagnosis)
    _add_states(content["core"], diagnosis.core)
    for extra, told in zip(diagnosis.extras, content["extras"], strict=True):
        _add_states(told["packages"], extra.packages)
    return json.dumps(content, indent=2)


def _add_states(told: Sequence[dict[str, Any]], packages: Sequence[InstalledPackage]) -> None:
    for content, package in zip(told, packages, strict=True):
        content["state"] = package.state


def _unfit(core: Sequence[InstalledPackage]) -> list[str]:
    faults = []
    for each in core:
        if each.version is None:
            faults.append(f"{each.name} is not installed; needed is {each.name}{each.wanted}")
        elif each.state == "unfit":
            faults.append(f"{each.name} {each.version} does not fit; needed is {each.name}{each.wanted}")
    return faults


def _torch(extras: Sequence[InstalledExtra]) -> Torch | None:
    versions = {each.name: each.version for extra in extras for each in extra.packages}
    version = versions.get("torch")
    if version is None:
        return None
    trial = try_torch()
    return Torch(version, trial.told.get("cuda"), tuple(trial.told.get("gpus", ())), trial.faults)


def _is_editable() -> bool:
    with suppress(ValueError):
        told = json.loads(metadata.distribution(PACKAGE).read_text("direct_url.json") or "{}")
        return bool(told.get("dir_info", {}).get("editable"))
    return False
