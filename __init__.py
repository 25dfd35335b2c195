"""Trains, scores and ranks methods of whole-abdomen lesion segmentation on MSWAL, as its reference harness.

>>> import mswal_bench as mb
>>> data = mb.load_dataset("raw")
>>> scores = mb.score_folders(["runs/a", "runs/b"], data)
>>> print(scores)  # doctest: +ELLIPSIS
                                a               b   Average score
Lesion                DSC      F1     DSC      F1     DSC      F1
─────────────────────────────────────────────────────────────────
Gallstone          100.00  100.00   85.47   33.33   92.74   66.67
...
>>> scores["a"]["kidney_tumor"].f1
1.0
>>> scores.to_frame().head(2)
  method     lesion metric  value
0      a  gallstone    dsc    1.0
1      a  gallstone     f1    1.0
>>> scores.save("out")
>>> print(mb.rank(mb.load_scores("out"), by="mean-rank", seed=0))  # doctest: +ELLIPSIS
Ranking by mean-rank: mswal/1, 4 cases
...
>>> mb.validate("mine.zip", "manifest.json", deep=True).findings
()
>>> print(mb.evaluate("mine.zip", reference="labels", results="results"))  # doctest: +ELLIPSIS
Mine, phantom, claimed: ...
>>> mb.score_case(reference_array, prediction_array, spacing_mm=(2.5, 0.7, 0.7))["kidney_tumor"].dsc
0.75
>>> print(mb.ceiling(["nnunet-v2", "mednext"], data))  # doctest: +ELLIPSIS
                        nnunet-v2         mednext   Average score
...
>>> print(mb.run("nnunet-v2", data, work="runs/v2", budget="smoke"))  # doctest: +ELLIPSIS
nnU-Net v2, official-test, ...
>>> print(mb.predict("runs/v2", "scans", "label_maps"))  # doctest: +ELLIPSIS
nnU-Net v2, trained on MSWAL phantom, ...
"""

from __future__ import annotations

# As typing has it, whose import takes longer than that of the package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .api import (
        BenchError,
        CaseResult,
        Ceilings,
        Dataset,
        Predictions,
        Ranking,
        Rankings,
        ResultRecord,
        RunRecord,
        Scores,
        Validation,
        ceiling,
        evaluate,
        load_dataset,
        load_scores,
        predict,
        rank,
        run,
        score_case,
        score_folders,
        validate,
    )

    __version__: str

__all__ = [
    "BenchError",
    "CaseResult",
    "Ceilings",
    "Dataset",
    "Predictions",
    "Ranking",
    "Rankings",
    "ResultRecord",
    "RunRecord",
    "Scores",
    "Validation",
    "__version__",
    "ceiling",
    "evaluate",
    "load_dataset",
    "load_scores",
    "predict",
    "rank",
    "run",
    "score_case",
    "score_folders",
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
