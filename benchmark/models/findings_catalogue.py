"""Lists the kinds of finding in a model bundle; those of archives are the same as of submissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from mswal_bench.benchmark.core.findings import Finding, Kind
from mswal_bench.benchmark.submissions.findings_catalogue import KINDS as OF_SUBMISSIONS

_AGAIN = "Get the bundle again, from those who made it."
_OWN = (
    Kind("no-bundle", "error", "it is no model bundle", "`mswal-bench model export` writes one."),
    Kind("member-missing", "error", "a file of the bundle is missing", _AGAIN),
    Kind("member-unknown", "error", "the file is no part of a bundle", _AGAIN),
    Kind("member-packed", "error", "weights are compressed, and are read where they lie", _AGAIN),
    Kind("digest-differs", "error", "the file is not the one that was put into the bundle", _AGAIN),
    Kind("not-text", "error", "the model card is not text in UTF-8", _AGAIN),
    Kind("not-json", "error", "the file is not plain JSON", _AGAIN),
    Kind("form-invalid", "error", "model.json has a value that cannot be there", _AGAIN),
    Kind("method-unknown", "error", "the method is not one that can be used here"),
    Kind("documents-foreign", "error", "plans, or what goes with them, are not such as the method writes", _AGAIN),
    Kind("weights-invalid", "error", "the file is not safetensors with a network's weights", _AGAIN),
    Kind("weights-differ", "error", "the weights are not those of the network of the plans", _AGAIN),
)
KINDS = {kind.code: kind for kind in (*OF_SUBMISSIONS.values(), *_OWN)}


@dataclass(frozen=True)
class ModelFinding(Finding):
    """One thing that is wrong with a bundle. `found` may quote it: escape it to show it."""

    kinds: ClassVar[Mapping[str, Kind]] = KINDS
