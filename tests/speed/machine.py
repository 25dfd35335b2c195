"""The machine and the software that were measured, in lines for people."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

_PACKAGES = (
    "numpy",
    "scipy",
    "connected-components-3d",
    "isal",
    "SimpleITK",
    "panoptica",
    "nnunetv2",
    "monai",
    "torch",
)


def describe_machine() -> list[str]:
    """Commit, date and load, processor, memory, versions. The load says whether anything else ran before."""
    versions = ", ".join(f"{name} {version}" for name in _PACKAGES if (version := _version(name)))
    load, _, _ = os.getloadavg()
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"{datetime.now(UTC):%d %B %Y %H:%M} UTC; commit {_commit()}; load in the minute before: {load:.2f}",
        f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {memory_gib:.0f} GiB memory, {platform.system()}",
        f"Python {platform.python_version()}, {versions}",
    ]


def _version(package: str) -> str:
    """Empty where it is not installed, as peers are not that are not measured."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _commit() -> str:
    checkout = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        found = subprocess.run(checkout, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        # A machine without git.
        found = ""
    return found or "unknown"


def _processor() -> str:
    """Name, model and cache as the kernel tells them: a virtual machine's name alone says little."""
    fields: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        fields[name.strip()] = value.strip()
    about = ", ".join(f"{name} {fields[name]}" for name in ("cpu family", "model", "cache size") if name in fields)
    return f"{fields.get('model name', platform.machine())} ({about})"
