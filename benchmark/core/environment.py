"""Describes what a result was computed with: versions of packages, commit, machine."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from contextlib import suppress
from email.parser import HeaderParser
from functools import cache
from importlib import metadata, resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mswal_bench.baselines.processes import cores

# Where `importlib.metadata` looks: of wheels, of older installations, and of those that are one file.
_METADATA_FILES = ("METADATA", "PKG-INFO", "")


class Environment(BaseModel):
    """Describes the software and the machine of a run."""

    model_config = ConfigDict(frozen=True)

    python: str
    packages: dict[str, str]
    """Gives the version of every installed distribution by name, for it is hard to say which can change a number."""
    git_commit: str | None
    """Is the commit of the checkout that this package runs from; None where it runs from an installation."""
    git_dirty: bool | None
    """Says whether that checkout had uncommitted changes; None where there is no checkout."""
    system: str
    """Names the operating system and the kind of processor."""
    cpu_cores: int
    """Counts the cores that this process may use."""
    gpu: str | None
    """Is the model of the first visible GPU; None on a CPU."""
    gpu_driver: str | None
    """Is the version of its driver; None on a CPU, and where the driver does not give it."""
    cuda: str | None
    """Is the version of CUDA that torch computed with; None on a CPU."""

    @property
    def key(self) -> str:
        """Returns a short digest of all fields, by which a record names its environment."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


def describe_environment(device: str = "cpu") -> Environment:
    """Describes this process's environment; it looks for a GPU only when `device` is `cuda`."""
    commit, dirty = git_state(Path(str(resources.files(__name__.partition(".")[0]))))
    gpu = driver = cuda = None
    if device == "cuda":
        import torch

        gpu, cuda, driver = torch.cuda.get_device_name(0), torch.version.cuda, _gpu_driver()
    return Environment(
        python=platform.python_version(),
        packages=_packages(),
        git_commit=commit,
        git_dirty=dirty,
        system=f"{platform.system()} {platform.machine()}",
        cpu_cores=cores(),
        gpu=gpu,
        gpu_driver=driver,
        cuda=cuda,
    )


def _packages() -> dict[str, str]:
    # Some imports make setuptools add its private copies to the path.
    return dict(_versions_on(tuple(place for place in sys.path if Path(place).name != "_vendor")))


@cache
def _versions_on(path: tuple[str, ...]) -> dict[str, str]:
    """Gives the version of every package."""
    versions: dict[str, str] = {}
    for distribution in metadata.distributions(path=list(path)):
        # `distribution.metadata` would parse the package's whole description, and again each time that it is asked.
        texts = (distribution.read_text(name) for name in _METADATA_FILES)
        headers = HeaderParser().parsestr(next(filter(None, texts), "").partition("\n\n")[0])
        # The remains of a broken installation may lack both. Of two with the same name the first is imported.
        name, version = headers["Name"], headers["Version"]
        if name and version:
            versions.setdefault(name, version)
    return dict(sorted(versions.items(), key=lambda item: item[0].lower()))


def _gpu_driver() -> str | None:
    version: str | None = None
    # The driver's library may be missing or not permitted, and a record is complete without its version.
    with suppress(Exception):
        import pynvml

        pynvml.nvmlInit()
        try:
            version = pynvml.nvmlSystemGetDriverVersion()
        finally:
            pynvml.nvmlShutdown()
    return version


def git_state(checkout: Path) -> tuple[str | None, bool | None]:
    """Returns the commit of a checkout and whether it has changes; None twice where the folder is no checkout."""
    if not (checkout / ".git").exists():
        return None, None
    try:
        commit, status = (
            subprocess.run(
                ["git", "-C", str(checkout), *arguments], capture_output=True, text=True, check=True, timeout=20
            ).stdout.strip()
            for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain"])
        )
    except (OSError, subprocess.SubprocessError):
        return None, None
    return commit, bool(status)
