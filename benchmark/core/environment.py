"""Describes what a result was computed with: versions, commit, machine."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from contextlib import suppress
from importlib import metadata, resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mswal_bench.baselines.processes import cores


class Environment(BaseModel):
    """Software and machine of a run."""

    model_config = ConfigDict(frozen=True)

    python: str
    packages: dict[str, str]
    """Version of every distribution that is installed, by name: which of them can change a number is hard to say."""
    git_commit: str | None
    """Of the checkout this package runs from; None where it runs from an installation."""
    git_dirty: bool | None
    """Whether that checkout had changes."""
    system: str
    cpu_cores: int
    """Those this process may use."""
    gpu: str | None
    """Model of the first visible GPU; None on a CPU."""
    gpu_driver: str | None
    """Version of its driver; None on a CPU, and where the driver does not tell."""
    cuda: str | None
    """Version of CUDA that torch computed with; None on a CPU."""

    @property
    def key(self) -> str:
        """A short digest of all this, by which a record names it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


def describe_environment(device: str = "cpu") -> Environment:
    """This process's environment; the GPU is asked for only when `device` is `cuda`."""
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
    versions: dict[str, str] = {}
    # Some imports make setuptools add its private copies to the path.
    path = [place for place in sys.path if Path(place).name != "_vendor"]
    for distribution in metadata.distributions(path=path):
        # What a broken installation has left may lack both. Of two with the same name the first is imported.
        name, version = distribution.metadata["Name"], distribution.metadata["Version"]
        if name and version:
            versions.setdefault(name, version)
    return dict(sorted(versions.items(), key=lambda item: item[0].lower()))


def _gpu_driver() -> str | None:
    version: str | None = None
    # A record is worth more than the driver's version: the library may be missing or not permitted.
    with suppress(Exception):
        import pynvml

        pynvml.nvmlInit()
        try:
            version = pynvml.nvmlSystemGetDriverVersion()
        finally:
            pynvml.nvmlShutdown()
    return version


def git_state(checkout: Path) -> tuple[str | None, bool | None]:
    """The commit of a checkout and whether it has changes; None twice where the folder is none."""
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
