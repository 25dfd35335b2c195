"""The table of a transfer, on the numbers of the paper's Table 4."""

import csv
import io
import json

import pytest

from mswal_bench.baselines.weight_fit import WeightFit
from mswal_bench.benchmark.runs.run_record import RunIdentity, Start, now
from mswal_bench.benchmark.runs.transfer import StructureTransfer, TransferRecord
from mswal_bench.benchmark.runs.transfer_table import format_transfer

DASH = "\N{EN DASH}"


def structure(name: str, scratch: float | None, pretrained: float | None) -> StructureTransfer:
    improvement = None if scratch is None or pretrained is None else pretrained - scratch
    return StructureTransfer(name=name, scratch=scratch, pretrained=pretrained, improvement=improvement)


@pytest.fixture
def record() -> TransferRecord:
    digests = {"split_digest": "s", "files_digest": "f", "settings_digest": "t"}
    run = RunIdentity(method="nnunet-resenc", budget="paper", seed=0, dataset="MSWAL", **digests)
    return TransferRecord(
        created_at=now(),
        method="nnunet-resenc",
        title="nnU-Net res",
        budget="paper",
        seed=0,
        dataset="LiTS",
        split_digest="sha256:0",
        folds=[0, 1, 2, 3, 4],
        start=Start(run=run, fold=2, digest="sha256:1", fit=WeightFit({"a": 99}, {"out": 1}, {}, ())),
        records={"scratch": "scratch/fold-all/record.json", "pretrained": "pretrained/fold-all/record.json"},
        protocol="mswal/1 on liver+liver_tumor",
        cases=26,
        structures={
            "liver": structure("Liver", 0.9679, 0.9682),
            "liver_tumor": structure("Liver tumor", 0.7140, 0.7440),
        },
    )


def test_table_4(record):
    lines = format_transfer(record, "table").splitlines()
    assert lines[0].split() == ["From", "scratch", "Pretrained", "Improvement"]
    assert lines[1].split() == ["Structure", "DSC", "DSC", "DSC"]
    assert lines[3].split() == ["Liver", "96.79", "96.82", "+0.03"]
    assert lines[4].split() == ["Liver", "tumor", "71.40", "74.40", "+3.00"]
    assert lines[6:] == [
        "nnunet-resenc on LiTS, 5 folds, budget paper, seed 0.",
        "Pretrained: on MSWAL, fold 2, budget paper. 99 of 100 parameters begin as trained (99.00 %); new are the 1 of "
        "the output layer.",
        "Both runs have the plans, the budget and the seed in common; the first weights alone differ. One run each: a "
        "difference smaller than another seed makes says nothing.",
        "Percent. Protocol mswal/1 on liver+liver_tumor, 26 cases.",
    ]


def test_a_row_adds_up_as_printed(record):
    # Exactly it is 0.00996 percent.
    record.structures["liver"] = structure("Liver", 0.500049, 0.5001486)
    record.structures["liver_tumor"] = structure("Liver tumor", 0.5, 0.49996)
    lines = format_transfer(record, "table").splitlines()
    assert lines[3].split() == ["Liver", "50.00", "50.01", "+0.01"]
    assert lines[4].split()[2:] == ["50.00", "50.00", "+0.00"]
    record.structures["liver"] = structure("Liver", 0.6, 0.5)
    assert format_transfer(record, "table").splitlines()[3].split() == ["Liver", "60.00", "50.00", "-10.00"]


def test_what_is_not_defined_is_a_dash(record):
    record.structures["liver_tumor"] = structure("Liver tumor", None, 0.5)
    text = format_transfer(record, "table")
    assert text.splitlines()[4].split() == ["Liver", "tumor", DASH, "50.00", DASH]
    assert f"{DASH}: undefined" in text
    assert format_transfer(record, "csv").splitlines()[2] == "liver_tumor,,0.5,"


def test_other_formats(record):
    assert "| Liver tumor |" in format_transfer(record, "markdown")
    assert r"Liver tumor & 71.40 & 74.40 & +3.00 \\" in format_transfer(record, "latex")
    rows = list(csv.DictReader(io.StringIO(format_transfer(record, "csv"))))
    assert [row["structure"] for row in rows] == ["liver", "liver_tumor"]
    assert float(rows[1]["improvement"]) == pytest.approx(0.03)
    content = json.loads(format_transfer(record, "json"))
    assert TransferRecord.model_validate(content) == record
    assert content["start"]["fit"]["output"] == {"out": 1}
