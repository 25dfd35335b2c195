"""The reference harness for whole-abdomen lesion segmentation on MSWAL."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    # The number stands in pyproject.toml alone, and reading what an installation made of it takes a moment.
    if name == "__version__":
        from importlib.metadata import version

        return version("mswal-bench")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
