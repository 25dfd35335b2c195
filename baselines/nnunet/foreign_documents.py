"""Checks plans and the like that come from elsewhere: they may set numbers within bounds, and name nothing but this.

nnU-Net imports every class that plans name. So whatever such a document names is compared with a list, before it gets
as far as nnU-Net. Needs no torch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Sized
from math import prod
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from .plans import CONFIGURATION, PLANS_NAME

_MOST_SHOWN = 5
_OF_CT = frozenset({"mean", "std", "percentile_00_5", "percentile_99_5"})
"""The numbers by which nnU-Net normalises a CT."""
_MOST_PATCH_VOXELS = 1 << 24
"""256 x 256 x 256: more than any plans for a GPU have."""

Word = Annotated[str, StringConstraints(max_length=200)]
Count = Annotated[int, Field(ge=1, le=4096)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Mm = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
Axes = tuple[Annotated[int, Field(ge=0, le=2)], Annotated[int, Field(ge=0, le=2)], Annotated[int, Field(ge=0, le=2)]]
Intensities = Annotated[dict[Word, dict[Word, Finite]], Field(max_length=16)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Resampling(_Part):
    is_seg: bool
    order: Annotated[int, Field(ge=0, le=5)]
    order_z: Annotated[int, Field(ge=0, le=5)]
    force_separate_z: bool | None


_Resampler = Literal["resample_data_or_seg_to_shape"]
_Sides = tuple[Count, Count, Count]
_Step = Annotated[int, Field(ge=1, le=7)]
_Steps = tuple[_Step, _Step, _Step]
_Short = Annotated[list[Annotated[int, Field(ge=1, le=64)]], Field(max_length=12)]


class UNetArguments(_Part):
    """What nnU-Net's planners set for their U-Nets in three dimensions."""

    n_stages: Annotated[int, Field(ge=1, le=12)]
    features_per_stage: Annotated[list[Count], Field(max_length=12)]
    conv_op: Literal["torch.nn.modules.conv.Conv3d"]
    kernel_sizes: Annotated[list[_Steps], Field(max_length=12)]
    strides: Annotated[list[_Steps], Field(max_length=12)]
    n_blocks_per_stage: _Short | None = None
    n_conv_per_stage: _Short | None = None
    n_conv_per_stage_decoder: _Short
    conv_bias: bool
    norm_op: Literal["torch.nn.modules.instancenorm.InstanceNorm3d", "torch.nn.modules.batchnorm.BatchNorm3d"]
    norm_op_kwargs: dict[Literal["eps", "affine", "momentum"], Finite | bool]
    dropout_op: None = None
    dropout_op_kwargs: None = None
    nonlin: Literal["torch.nn.LeakyReLU", "torch.nn.ReLU"]
    nonlin_kwargs: dict[Literal["inplace", "negative_slope"], bool | Finite] | None = None

    @model_validator(mode="after")
    def _fit_each_other(self) -> Self:
        of_stages: list[Sized] = [self.features_per_stage, self.kernel_sizes, self.strides]
        blocks = [counts for counts in (self.n_blocks_per_stage, self.n_conv_per_stage) if counts is not None]
        if any(len(values) != self.n_stages for values in (*of_stages, *blocks)):
            raise ValueError("not an entry for each stage")
        if len(blocks) != 1 or len(self.n_conv_per_stage_decoder) != self.n_stages - 1:
            raise ValueError("no encoder and decoder of so many stages")
        if any(not side % 2 for kernel in self.kernel_sizes for side in kernel):
            raise ValueError("a kernel of even size changes the shape of what it is applied to")
        return self

    def divides(self, patch: Sequence[int]) -> bool:
        """Whether every stage gives a patch a whole number of voxels."""
        return all(not side % prod(steps) for side, steps in zip(patch, zip(*self.strides, strict=True), strict=True))


class _Architecture(_Part):
    network_class_name: Word
    arch_kwargs: dict[Word, Any]
    needs_import: Annotated[list[Word], Field(alias="_kw_requires_import", max_length=8)]


class _Configuration(_Part):
    data_identifier: Word
    preprocessor_name: Literal["DefaultPreprocessor"]
    batch_size: Count
    patch_size: _Sides
    median_image_size_in_voxels: tuple[Finite, Finite, Finite]
    spacing: tuple[Mm, Mm, Mm]
    normalization_schemes: Annotated[
        list[Literal["CTNormalization", "ZScoreNormalization", "NoNormalization", "RescaleTo01Normalization"]],
        Field(min_length=1, max_length=1),
    ]
    use_mask_for_norm: Annotated[list[bool], Field(min_length=1, max_length=1)]
    resampling_fn_data: _Resampler
    resampling_fn_seg: _Resampler
    resampling_fn_probabilities: _Resampler
    resampling_fn_data_kwargs: _Resampling
    resampling_fn_seg_kwargs: _Resampling
    resampling_fn_probabilities_kwargs: _Resampling
    architecture: _Architecture
    batch_dice: bool

    @field_validator("patch_size")
    @classmethod
    def _fits(cls, patch: tuple[int, int, int]) -> tuple[int, int, int]:
        if prod(patch) > _MOST_PATCH_VOXELS:
            raise ValueError(f"more than {_MOST_PATCH_VOXELS} voxels")
        return patch


class _Plans(_Part):
    dataset_name: Word
    plans_name: Literal["benchPlans"]
    original_median_spacing_after_transp: tuple[Mm, Mm, Mm]
    original_median_shape_after_transp: tuple[Count, Count, Count]
    image_reader_writer: Literal["SimpleITKIO", "NibabelIO", "NibabelIOWithReorient"]
    transpose_forward: Axes
    transpose_backward: Axes
    experiment_planner_used: Word
    label_manager: Literal["LabelManager"]
    foreground_intensity_properties_per_channel: Intensities
    configurations: Annotated[dict[Literal["3d_fullres"], _Configuration], Field(min_length=1)]

    @field_validator("transpose_forward", "transpose_backward")
    @classmethod
    def _is_order(cls, axes: tuple[int, int, int]) -> tuple[int, int, int]:
        if sorted(axes) != [0, 1, 2]:
            raise ValueError("no order of three axes")
        return axes

    @model_validator(mode="after")
    def _knows_intensities(self) -> Self:
        of_ct = any("CTNormalization" in each.normalization_schemes for each in self.configurations.values())
        missing = sorted(_OF_CT - self.foreground_intensity_properties_per_channel.get("0", {}).keys())
        if of_ct and missing:
            raise ValueError(f"CTNormalization without {', '.join(missing)} of channel 0")
        return self


class _Dataset(_Part):
    name: Word = ""
    channel_names: Annotated[dict[Literal["0"], Word], Field(min_length=1)]
    """One, that of the CT."""
    labels: Annotated[dict[Word, Annotated[int, Field(ge=0, le=255)]], Field(min_length=2, max_length=256)]
    file_ending: Literal[".nii.gz", ".nii", ".mha", ".mhd", ".nrrd"]

    @field_validator("labels")
    @classmethod
    def _count_up(cls, labels: dict[str, int]) -> dict[str, int]:
        if sorted(labels.values()) != list(range(len(labels))) or labels.get("background") != 0:
            raise ValueError("labels are not background as 0 and then 1, 2 and so on")
        return labels


class _Fingerprint(_Part):
    foreground_intensity_properties_per_channel: Intensities
    median_relative_size_after_cropping: Finite
    shapes_after_crop: list[tuple[Count, Count, Count]]
    spacings: list[tuple[Mm, Mm, Mm]]


class _Prediction(_Part):
    mirroring_axes: Annotated[list[Annotated[int, Field(ge=0, le=2)]], Field(max_length=3)]
    """Those of the flips that the networks were trained with; none for none."""
    speck_limits_mm3: dict[
        Annotated[str, StringConstraints(pattern=r"^\d$")],
        dict[Annotated[str, StringConstraints(pattern=r"^\d{1,3}$")], Annotated[Finite, Field(ge=0)]],
    ]
    """By fold and class: the volume below which a predicted component is a speck; without a class, none is."""


_FORMS: Mapping[str, type[_Part]] = {
    "plans": _Plans, "dataset": _Dataset, "fingerprint": _Fingerprint, "prediction": _Prediction,
}  # fmt: skip
KEPT: Mapping[str, frozenset[str]] = {
    name: frozenset(info.alias or field for field, info in form.model_fields.items()) for name, form in _FORMS.items()
}
"""The entries of each document; nnU-Net's files have more, which prediction does not need."""


def document_faults(documents: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong with plans, dataset, fingerprint and prediction, half a sentence each; of each a few at most."""
    faults = [f"{name} is missing" for name in _FORMS if name not in documents]
    faults += [f"{name[:40]!a} is none of {', '.join(_FORMS)}" for name in documents if name not in _FORMS]
    return faults or [fault for name, form in _FORMS.items() for fault in form_faults(name, form, documents[name])]


def form_faults(name: str, form: type[BaseModel], document: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with one document, by its form."""
    try:
        form.model_validate_json(json.dumps(document))
    except (ValidationError, ValueError, RecursionError) as error:
        if not isinstance(error, ValidationError):
            yield f"{name} is not JSON"
            return
        for each in error.errors()[:_MOST_SHOWN]:
            place = ".".join(str(part)[:60] for part in each["loc"])
            where = f"{name}: {place[:200]!a}" if place else name
            yield f"{where}: {each['msg'].removeprefix('Value error, ')[:120]}"


def kept(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of nnU-Net's file that are handed on; of plans, the one configuration that is used."""
    content = {key: value for key, value in document.items() if key in KEPT[name]}
    if name == "plans":
        content["plans_name"] = PLANS_NAME
        content["configurations"] = {CONFIGURATION: document["configurations"][CONFIGURATION]}
    return content
