"""What a result was computed with: versions, commit, machine."""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ...baselines.processes import cores

_PACKAGES = (
    "mswal-bench",
    "connected-components-3d",
    "dynamic-network-architectures",
    "monai",
    "nnunetv2",
    "numpy",
    "scipy",
    "SimpleITK",
    "torch",
)


class Environment(BaseModel):
    """Software and machine of a run."""

    model_config = ConfigDict(frozen=True)

    python: str
    packages: dict[str, str]
    """Version of each package that can change a number; those not installed are left out."""
    git_commit: str | None
    """Of the checkout this package runs from; None where it runs from an installation."""
    git_dirty: bool | None
    """Whether that checkout had changes."""
    system: str
    cpu_cores: int
    """Those this process may use."""
    gpu: str | None
    """The first visible GPU; None without one, or without torch."""


def describe_environment(device: str = "cpu") -> Environment:
    """This process's environment; the GPU is asked for only when `device` is `cuda`."""
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    commit, dirty = _git()
    gpu = None
    if device == "cuda":
        import torch

        gpu = torch.cuda.get_device_name(0)
    return Environment(
        python=platform.python_version(),
        packages=packages,
        git_commit=commit,
        git_dirty=dirty,
        system=f"{platform.system()} {platform.machine()}",
        cpu_cores=cores(),
        gpu=gpu,
    )


def _git() -> tuple[str | None, bool | None]:
    checkout = Path(__file__).parents[2]
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
