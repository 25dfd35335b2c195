"""Tells what to type to install missing packages into the environment of this process."""

from __future__ import annotations

import sys
from importlib import metadata, resources


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
