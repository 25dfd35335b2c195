"""Describes files that the commands write or read: the fields of forms and records, and the columns of tables."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from sphinx.pycode import ModuleAnalyzer

from mswal_bench.benchmark.ceilings.ceiling_record import CeilingRecord
from mswal_bench.benchmark.ceilings.lost_lesions import write_lost_lesions
from mswal_bench.benchmark.jobs.cluster_settings import ClusterSettings
from mswal_bench.benchmark.models.bundle_form import BundleForm
from mswal_bench.benchmark.prediction.predicted_lesions import COLUMNS as PREDICTED_LESIONS
from mswal_bench.benchmark.prediction.prediction_record import PredictionRecord
from mswal_bench.benchmark.records.release_policy import ReleasePolicy
from mswal_bench.benchmark.records.result_record import ResultRecord
from mswal_bench.benchmark.runs.run_record import RunRecord
from mswal_bench.benchmark.runs.transfer import TransferRecord
from mswal_bench.benchmark.scoring.cases_csv import write_case_rows
from mswal_bench.benchmark.scoring.lesions_csv import write_lesion_rows
from mswal_bench.benchmark.scoring.scores_json import ScoreSummary
from mswal_bench.benchmark.submissions.manifest import Manifest
from mswal_bench.benchmark.submissions.submission_form import SubmissionForm

from .tables import code, markdown_table

FORMS: Mapping[str, type[BaseModel]] = {
    "submission.yaml": SubmissionForm,
    "manifest.json": Manifest,
    "scores.json": ScoreSummary,
    "record.json of a run": RunRecord,
    "record.json of a submission": ResultRecord,
    "the record of transfer": TransferRecord,
    "ceiling.json": CeilingRecord,
    "model.json": BundleForm,
    "predictions.json": PredictionRecord,
    "cluster.yaml": ClusterSettings,
    "policy.json": ReleasePolicy,
}
_PLAIN = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "cases.csv": {
        "method": "the method, named as its folder",
        "case": "the case",
        "class": "the key of the lesion type",
        "missing": "1 where the case had no prediction and counts as empty",
        "reference_voxels": "voxels of the type in the reference",
        "prediction_voxels": "in the prediction",
        "intersection_voxels": "in both",
        "dsc": "DSC, a fraction; empty where undefined",
        "tp": "matched lesions",
        "fp": "predicted lesions that match none of the reference",
        "fn": "lesions of the reference that no predicted one matches",
        "f1": "F1 of this case alone, a fraction; empty where undefined",
        "reference_mm3": "volume in the reference, mm³",
        "prediction_mm3": "volume in the prediction, mm³",
        "nsd": "NSD at 2 mm, a fraction; filled with `--details` alone",
        "hd95_mm": "HD95 in mm; filled with `--details` alone",
    },
    "lesions.csv": {
        "method": "the method, named as its folder",
        "case": "the case",
        "class": "the key of the lesion type",
        "side": "`reference` or `prediction`: whose lesion it is",
        "lesion": "its number on that side of the case",
        "status": "`TP`, `FP` or `FN`",
        "matched": "the number of the lesion of the other side that it matches; empty without one",
        "iou": "the highest IoU with a lesion of the same type on the other side; 0 where none overlaps",
        "dsc": "the highest DSC with one; 0 where none overlaps",
        "voxels": "its voxels",
        "volume_mm3": "its volume, mm³",
        "diameter_mm": "its longest axial diameter, between outer edges of voxels, mm",
        "centroid_x_mm": "its centroid in the patient, mm to the left",
        "centroid_y_mm": "mm to the back",
        "centroid_z_mm": "mm to the head",
    },
    "lost_lesions.csv": {
        "method": "the method whose grid is meant",
        "case": "the case",
        "class": "the key of the lesion type",
        "lesion": "its number in `lesions.csv`, on the side of the reference",
        "fate": "`never seen`, `gone` or `too little`",
        "iou": "the IoU of what comes back",
        "diameter_mm": "its longest axial diameter, mm",
        "volume_mm3": "its volume, mm³",
        "voxels": "its voxels",
    },
    "predict --lesions": {
        "case": "the case",
        "class": "the key of the lesion type",
        "lesion": "its number among the case's lesions",
        "voxels": "its voxels",
        "volume_mm3": "its volume, mm³",
        "diameter_mm": "its longest axial diameter, mm",
        "centroid_x_mm": "its centroid in the patient, mm to the left",
        "centroid_y_mm": "mm to the back",
        "centroid_z_mm": "mm to the head",
    },
}
TABLES = tuple(_COLUMNS)
_EMPTY_TABLES: Mapping[str, Callable[[Path], None]] = {
    "cases.csv": lambda path: write_case_rows(path, ()),
    "lesions.csv": lambda path: write_lesion_rows(path, ()),
    "lost_lesions.csv": lambda path: write_lost_lesions(path, {}),
}


def form_fields(name: str) -> str:
    """The fields of a form or record of `FORMS`, and of the parts in it, as tables."""
    model = FORMS[name]
    tables = [_table_of(each, None if each is model else each.__name__.lstrip("_")) for each in _models_in(model)]
    return "\n".join(tables)


def json_schema(name: str) -> str:
    """The form as a JSON schema, folded up."""
    schema = json.dumps(FORMS[name].model_json_schema(), indent=2)
    return f"::::{{dropdown}} JSON schema\n```json\n{schema}\n```\n::::\n"


def columns(name: str) -> str:
    """The columns of a table. Raises ValueError where they are others than are described here."""
    described = _COLUMNS[name]
    found = _written_columns(name)
    if list(described) != list(found):
        raise ValueError(f"{name} has the columns {', '.join(found)}; described are {', '.join(described)}")
    return markdown_table(("column", "holds"), [(code(column), text) for column, text in described.items()])


def _written_columns(name: str) -> Sequence[str]:
    if name not in _EMPTY_TABLES:
        return PREDICTED_LESIONS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        _EMPTY_TABLES[name](path)
        return next(csv.reader(path.read_text(encoding="utf-8").splitlines()))


def _models_in(model: type[BaseModel]) -> list[type[BaseModel]]:
    """The model, and those that its fields are made of, each once."""
    found = [model]
    for each in found:
        below = (one for field in each.model_fields.values() for one in _models_of(field.annotation))
        found += [one for one in dict.fromkeys(below) if one not in found]
    return found


def _models_of(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_of(argument)


def _table_of(model: type[BaseModel], title: str | None) -> str:
    schema = model.model_json_schema()
    defined = schema.get("$defs", {})
    rows = []
    for name, field in model.model_fields.items():
        words = _words(schema["properties"][name], defined)
        optional = "" if field.is_required() else "; may be left out"
        rows.append((code(name), words + optional, _docstring(model, name)))
    table = markdown_table(("field", "what it can be", "what it says"), rows)
    return table if title is None else f"**{title}**\n\n{table}"


def _words(schema: Mapping[str, Any], defined: Mapping[str, Any]) -> str:
    """What a value can be, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"*{name.lstrip('_')}*" if "properties" in defined[name] else _words(defined[name], defined)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_words(each, defined) for each in schema["anyOf"]))
    if values := schema.get("enum") or [schema[key] for key in ("const",) if key in schema]:
        return ", ".join(map(code, values))
    return _words_of_type(schema, defined)


def _words_of_type(schema: Mapping[str, Any], defined: Mapping[str, Any]) -> str:
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            words = f"list: {', '.join(_words(each, defined) for each in schema['prefixItems'])}"
        case "array":
            words = f"list of {_words(schema.get('items', {}), defined)}"
        case "object" if isinstance(schema.get("additionalProperties"), Mapping):
            words = f"by key, {_words(schema['additionalProperties'], defined)}"
        case "object":
            words = "keys and values"
        case "string" if schema.get("format") == "date-time":
            words = "date and time"
        case str(kind):
            words = _PLAIN[kind] + _bounds(schema)
        case _:
            words = "any value"
    return words


def _bounds(schema: Mapping[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    return "".join(f" {sign} {schema[key]:g}" for key, sign in signs.items() if key in schema)


def _docstring(model: type[BaseModel], field: str) -> str:
    """What stands below the field in the source, of the class that defines it."""
    for each in model.__mro__:
        if issubclass(each, BaseModel) and each is not BaseModel:
            lines = ModuleAnalyzer.for_module(each.__module__).find_attr_docs().get((each.__name__, field))
            if lines:
                return " ".join(lines)
    return ""
