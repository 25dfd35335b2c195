"""Writes a `submission.yaml` to fill in: each field with its meaning, the known ones filled in, the needed marked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from .form_file import PLACEHOLDER
from .submission_form import Cost, Ensemble, SubmissionForm

_HEAD = f"""\
# What the board says of a submission. Replace each "{PLACEHOLDER}".
# A line that begins with # is left out. To use a field, take its # away and put your own text for the example.
# `mswal-bench validate` says what is wrong, `mswal-bench validate --schema` what each field can hold.
"""
_PARTS: Mapping[str, type[BaseModel]] = {"ensemble": Ensemble, "cost": Cost}
# In the order in which one fills it in.
_FIELDS = (
    "method", "authors", "affiliation", "contact", "track", "drawn_by", "paper", "code", "model", "model_digest",
    "baseline", "variant", "package", "extra_data", "ensemble", "post_processing", "cost", "notes",
)  # fmt: skip
_NEEDED_LISTS = frozenset({"authors"})
_EXAMPLES: Mapping[str, Any] = {
    "drawn_by": "method",
    "paper": "https://arxiv.org/abs/2503.13560",
    "code": "https://github.com/NAME/REPOSITORY",
    "model": "https://huggingface.co/NAME/MODEL",
    "model_digest": f"sha256:{'0' * 64}",
    "baseline": "nnunet-v2",
    "variant": "II",
    "package": "hu-table 1.0",
    "extra_data": [{"name": "LiTS", "public": True, "use": "pretraining"}],
    "post_processing": "removed components of less than 10 voxels",
    "notes": "mirrored four times at prediction",
    "models": 5,
    "description": "the five folds, mean of softmax",
    "gpu": "NVIDIA A100 80GB",
    "gpus": 1,
    "training_gpu_hours": 240,
    "prediction_s_per_case": 60,
    "peak_gpu_mib": 24000,
    "parameters": 31200000,
}


def form_template(known: Mapping[str, Any]) -> str:
    """Writes the text of a form with the `known` fields; those of `ensemble` and `cost` are mappings in it.

    It is not valid until its placeholders are replaced; without them and with all that is known it is.
    """
    lines = [_HEAD]
    for name in _FIELDS:
        info = SubmissionForm.model_fields[name]
        lines.append(f"# {info.description}")
        if name in _PARTS:
            lines.append(f"{name}:")
            lines += _part(_PARTS[name], known.get(name, {}))
        elif name in known:
            lines += _field(name, known[name])
        elif info.is_required():
            lines += _field(name, [PLACEHOLDER] if name in _NEEDED_LISTS else PLACEHOLDER)
        else:
            lines += [f"# {line}" for line in _field(name, _EXAMPLES[name])]
        lines.append("")
    return "\n".join(lines)


def _part(part: type[BaseModel], known: Mapping[str, Any]) -> Iterator[str]:
    for name, info in part.model_fields.items():
        (line,) = _field(name, known.get(name, _EXAMPLES[name]))
        yield f"  {'' if name in known else '# '}{line}  # {info.description}"


def _field(name: str, value: object) -> Sequence[str]:
    if not isinstance(value, list):
        return [f"{name}: {_scalar(value)}"]
    lines = [f"{name}:"]
    for item in value:
        fields = (
            [f"{key}: {_scalar(each)}" for key, each in item.items()] if isinstance(item, dict) else [_scalar(item)]
        )
        lines += [f"  {'  ' if number else '- '}{field}" for number, field in enumerate(fields)]
    return lines


def _scalar(value: object) -> str:
    # What JSON quotes, YAML reads as the same text; but not its escapes for letters beyond 16 bits.
    return json.dumps(value, ensure_ascii=False)
