from __future__ import annotations

import json
from pathlib import Path

from mswal_bench.baselines.nnunet.workspace import Workspace


def test_nnunet_sees_the_cases_and_nothing_else_of_a_folder(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    names = {
        "imagesTr": ["a_0000.nii.gz", "b_0000.nii.gz", "Thumbs.db", "._a_0000.nii.gz"],
        "labelsTr": ["a.nii.gz", "b.nii.gz", ".DS_Store"],
        "imagesTs": ["c_0000.nii.gz"],
    }
    for folder, name in ((folder, name) for folder, inside in names.items() for name in inside):
        (raw / folder).mkdir(parents=True, exist_ok=True)
        (raw / folder / name).write_text(name)
    (raw / "imagesTr" / "@eaDir").mkdir()
    (raw / "dataset.json").write_text(json.dumps({"file_ending": ".nii.gz"}))
    workspace = Workspace(tmp_path / "work")
    workspace.raw.parent.mkdir(parents=True)
    workspace.raw.symlink_to(raw)  # as it was made once
    for cases in (["a", "b"], ["a"]):
        workspace.link_raw(raw, cases)
        found = sorted(
            path.relative_to(workspace.raw).as_posix() for path in workspace.raw.rglob("*") if path.is_file()
        )
        expected = [f"imagesTr/{case}_0000.nii.gz" for case in cases] + [f"labelsTr/{case}.nii.gz" for case in cases]
        assert found == ["dataset.json", *expected]
    assert (workspace.raw / "imagesTr" / "a_0000.nii.gz").read_text() == "a_0000.nii.gz"
    assert (raw / "imagesTr" / "Thumbs.db").exists()
