"""Lists the kinds of finding in a model bundle; those of archives are the same as of submissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from mswal_bench.benchmark.core.findings import Finding, Kind
from mswal_bench.benchmark.submissions.findings_catalogue import KINDS as OF_SUBMISSIONS

_AGAIN = "Get the bundle again, from those who made it."
_ZIP = "`nnUNetv2_export_model_to_zip` writes one."
_ONE = "Let `nnUNetv2_export_model_to_zip` write one model: -c 3d_fullres, one trainer, folds 0 to 4."
_THEIRS = "Predict with nnU-Net itself."
_TRAINER = "If it does, say so: --trainer with its name."
_CHECKPOINT = "Name another with --checkpoint."
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
    # Of a zip that nnU-Net wrote, which is imported.
    Kind("no-nnunet-model", "error", "it is no trained model of nnU-Net v2", _ZIP),
    Kind("several-models", "error", "it has several models, and one is imported", _ONE),
    Kind("configuration-foreign", "error", "only a single 3d_fullres network can be imported", _THEIRS),
    Kind("trainer-foreign", "error", "the trainer is not known to train the network of the plans as it is", _TRAINER),
    Kind("fold-foreign", "error", "a bundle has folds 0 to 4", _ONE),
    Kind("checkpoint-missing", "error", "no fold has that checkpoint", _CHECKPOINT),
    Kind("checkpoint-refused", "error", "the checkpoint is not used", "Get the zip again, from those who made it."),
    Kind("folds-differ", "error", "the folds were not trained alike, and cannot predict together", _ONE),
    Kind(
        "labels-foreign",
        "error",
        "the network predicts regions or an ignore label, not one lesion type for each voxel",
        _THEIRS,
    ),
    Kind("channels-foreign", "error", "the network wants other images than a CT", _THEIRS),
    Kind("plans-foreign", "error", "the plans are not such as the method makes", _THEIRS),
)
KINDS = {kind.code: kind for kind in (*OF_SUBMISSIONS.values(), *_OWN)}


@dataclass(frozen=True)
class ModelFinding(Finding):
    """One thing that is wrong with a bundle. `found` may quote it: escape it to show it."""

    kinds: ClassVar[Mapping[str, Kind]] = KINDS
