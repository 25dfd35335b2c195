"""The reference harness for whole-abdomen lesion segmentation on MSWAL: `import mswal_bench as mb`."""

from __future__ import annotations

# As typing has it, whose import takes longer than that of the package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .api import (
        BenchError,
        CaseResult,
        Dataset,
        Ranking,
        Rankings,
        ResultRecord,
        RunRecord,
        Validation,
        evaluate,
        load_dataset,
        rank,
        run,
        score_case,
        validate,
    )

    __version__: str

__all__ = [
    "BenchError",
    "CaseResult",
    "Dataset",
    "Ranking",
    "Rankings",
    "ResultRecord",
    "RunRecord",
    "Validation",
    "__version__",
    "evaluate",
    "load_dataset",
    "rank",
    "run",
    "score_case",
    "validate",
]


def __getattr__(name: str) -> object:
    """Imports what is asked for when it is asked for first: the package alone loads neither numpy nor torch."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = _version() if name == "__version__" else _public(name)
    # From now on it is found without this function.
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _public(name: str) -> object:
    from importlib import import_module

    return getattr(import_module(f"{__name__}.api"), name)


def _version() -> str:
    # The number stands in pyproject.toml alone, and reading what an installation made of it takes a moment.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("mswal-bench")
    except PackageNotFoundError as error:
        raise AttributeError("mswal-bench is not installed, and so has no __version__") from error
