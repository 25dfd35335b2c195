from __future__ import annotations

import json
from pathlib import Path

import mlcroissant

from mswal_bench.benchmark.core.croissant import Column, DataFile, DataFiles, Table, croissant, croissant_text
from mswal_bench.tests.croissant_files import left_out, read_croissant, rows


def test_a_table_is_read_by_its_description(tmp_path: Path) -> None:
    content = "name,count,size,day\na,1,0.5,2026-11-29\nb,,,\n"
    (tmp_path / "table.csv").write_text(content)
    (tmp_path / "volumes").mkdir()
    (tmp_path / "volumes" / "a.nii.gz").touch()
    columns = [
        Column("name", "Text", "A name."),
        Column("count", "Integer", "A number."),
        Column("size", "Float", "A size, mm."),
        Column("day", "Date", "A day."),
    ]
    made = croissant(
        "Things",
        "Some things.",
        version="1.0.0",
        date="2026-11-29",
        files=[
            DataFile.of("table.csv", "All things.", "text/csv", content.encode()),
            DataFiles("volumes", "What they look like.", "application/gzip", "volumes/*.nii.gz"),
        ],
        tables=[Table("things", "A row for each.", "table.csv", columns)],
        license=None,
    )
    (tmp_path / "croissant.json").write_text(croissant_text(made))
    described = read_croissant(tmp_path / "croissant.json")
    assert left_out(described) == {"license", "citeAs"}
    first, second = rows(described, "things")
    assert (first["name"], first["count"], first["size"]) == ("a", 1, 0.5)
    assert str(first["day"]).startswith("2026-11-29")
    assert (second["name"], second["count"], second["size"]) == ("b", None, None)


def test_the_context_is_that_of_the_specification(tmp_path: Path) -> None:
    """What its own library writes has no name that ours lacks, and none that means something else."""
    made = croissant("a", "b", files=[])
    (tmp_path / "croissant.json").write_text(json.dumps(made))
    theirs = mlcroissant.Dataset(tmp_path / "croissant.json").metadata.to_json()["@context"]
    assert made["@context"] == theirs
