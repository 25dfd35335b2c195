"""Catalogues what can be wrong with a data set: each kind's code, severity, meaning, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mswal_bench.benchmark.core.findings import Finding, Kind
from mswal_bench.benchmark.data.label_forms import FORMS
from mswal_bench.benchmark.data.label_headers import SEGMENTS_MEND

_COPY_AGAIN = "Copy it again or make it again."
_LOOK = "Look at it."
_DELETE_ONE = "Keep the case that the voxels belong to."


_ALL = (
    # The folder.
    Kind("description", "error", "dataset.json is missing or does not describe the data", "Write it as nnU-Net does."),
    *(Kind(form.code, "error", form.what, form.mend) for form in FORMS),
    Kind("class-order", "warning", "an order of regions stands beside labels that are none", "Are regions meant?"),
    Kind("case-count", "error", "numTraining is not the number of training images", "Complete the folder, or mend it."),
    Kind("no-cases", "error", "there is no image in imagesTr and imagesTs", "Is this the right folder?"),
    Kind("misnamed", "error", "the file is not named like a volume of this data set", "Rename it or move it away."),
    Kind("not-unicode", "error", "the file's name is not UTF-8", "Rename it."),
    Kind("two-files", "error", "the case has several files", "Keep one of them."),
    Kind("broken-link", "error", "the file is a link to nowhere", "Link it again or copy the file."),
    Kind("no-label", "error", "the image has no label", "Add it, or move the image away."),
    Kind("no-image", "error", "the label has no image", "Add it, or move the label away."),
    Kind("train-and-test", "error", "the case is among the training and the test cases", "Remove one of the two."),
    # Any file.
    Kind("unreadable", "error", "the file cannot be read", _COPY_AGAIN),
    Kind("truncated", "error", "the file is cut off", _COPY_AGAIN),
    Kind("corrupt", "error", "the file is damaged", _COPY_AGAIN),
    Kind("not-3d", "error", "the file is not one 3D volume", "Save the one volume that is meant."),
    Kind(
        "bad-geometry", "error", "the header gives no valid place and spacing",
        "Of a label, --fix copies the image's where the shapes agree. An image has to come from its source again.",
    ),
    Kind(
        "bad-scaling", "error", "readers take other values from the header's slope and intercept",
        "Find out which values are meant, and save them unscaled.",
    ),
    Kind("spacing", "error", "no CT has such a spacing", "Convert the image from its source again."),
    Kind(
        "readers-differ", "warning", "SimpleITK and nibabel place the volume differently",
        "Save it again with the reader whose place is right, or copy its image's header.",
    ),
    Kind("two-places", "warning", "sform and qform place the volume differently; tools read one or the other", _LOOK),
    Kind("length-unit", "warning", "the header's unit is not millimetres, which half of the tools ignore", _LOOK),
    # Images.
    Kind("blank-image", "error", "all voxels of the image are the same", _COPY_AGAIN),
    Kind("not-finite", "error", "voxels are NaN or infinite", "Convert the image, or make the label, again."),
    Kind("hu-range", "warning", "the values are not those of a CT in Hounsfield units", "Was it rescaled or clipped?"),
    Kind("slice-count", "warning", "no scan of MSWAL has so few or so many slices", "Is it one whole scan?"),
    Kind("in-plane-size", "warning", "MSWAL's slices have 512 x 512 pixels", "Was it cropped or resampled?"),
    # Labels.
    Kind(
        "geometry-differs", "error", "the label's header places it elsewhere than its image",
        "--fix copies the image's geometry; no voxel moves, so look at the label over its image afterwards.",
    ),
    Kind(
        "axes-differ", "error", "the label lies where its image does, its axes stored in another order or direction",
        "Save it along the image's axes. --fix leaves it: with the image's header it would be mirrored.",
    ),
    Kind("shape-differs", "error", "the label has another shape than its image", "Find the label of this image."),
    Kind("not-integer", "error", "voxels of the label are not whole numbers", "Was it resampled with interpolation?"),
    Kind(
        "scaled-labels", "warning", "labels were saved scaled, and are whole numbers only when rounded",
        "Save the label map again as integers: nnU-Net cuts off decimals, which turns 0.99 into background.",
    ),
    Kind("unknown-label", "error", "voxels of the label have values that dataset.json does not name", "Relabel them."),
    Kind("unknown-segment", "error", "a segment of the label is not the class of its value", SEGMENTS_MEND),
    Kind("empty-label", "warning", "the label has no lesion", "Is the patient without any, or is the annotation lost?"),
    Kind("specks", "warning", "lesions of 1 to 3 voxels; reported only, they count as lesions", _LOOK),
    Kind(
        "erased-lesions", "warning", "no voxel of the grid that a network is trained on has these lesions",
        "Nothing can be learned from them there: `mswal-bench ceiling` says what that costs.",
    ),
    # Between cases.
    Kind("duplicate-image", "error", "the same voxels as the image of another case", _DELETE_ONE),
    Kind("duplicate-label", "error", "the same voxels as the label of another case, which is not empty", _DELETE_ONE),
    Kind("test-in-training", "error", "a test image has the voxels of a training image", "Take it out of one part."),
)  # fmt: skip

KINDS = {kind.code: kind for kind in _ALL}


@dataclass(frozen=True)
class DataFinding(Finding):
    """Reports one thing that is wrong with one file of a data set; `file` is relative to the raw folder."""

    kinds: ClassVar[Mapping[str, Kind]] = KINDS

    repairable: bool = False
    """Says whether `--fix` repairs it."""

    def to_json(self) -> dict[str, Any]:
        """Returns the finding for programs."""
        return {**super().to_json(), "repairable": self.repairable}
