"""The reference harness for whole-abdomen lesion segmentation on MSWAL."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    # The number stands in pyproject.toml alone, and reading what an installation made of it takes a moment.
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("mswal-bench")
        except PackageNotFoundError as error:
            raise AttributeError("mswal-bench is not installed, and so has no __version__") from error
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
