"""What is built is compared with the tracked files, file by file."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from mswal_bench.tests.release import archives


def _wheel(checkout: Path, folder: Path) -> Path:
    source = archives.copy_of(checkout, archives.tracked_files(checkout), folder / "source")
    (folder / "built").mkdir()
    return archives.build_wheel(archives.build_sdist(source, folder / "built"), folder / "built")


def _rewritten(wheel: Path, changes: Mapping[str, bytes | None]) -> Path:
    """Another wheel in which files have other bytes, are new, or are left out (None)."""
    with zipfile.ZipFile(wheel) as archive:
        files: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    other = wheel.with_name("other.whl")
    with zipfile.ZipFile(other, "w") as archive:
        for name, content in {**files, **changes}.items():
            if content is not None:
                archive.writestr(name, content)
    return other


def test_what_is_built_and_what_is_wrong_in_it(checkout: Path, tmp_path: Path) -> None:
    (checkout / "build").mkdir()
    (checkout / "build" / "litter.py").touch()  # an earlier build's, which git ignores or does not know
    tracked, wheel = archives.tracked_files(checkout), _wheel(checkout, tmp_path)
    assert archives.file_faults(wheel, tracked) == []
    assert archives.licence_faults(wheel) == []
    assert archives.constraint_faults(wheel, checkout) == []

    other = _rewritten(
        wheel,
        {
            "mswal_bench/metrics/__init__.py": None,
            "mswal_bench/build/litter.py": b"",
            "mswal_bench/metrics/vendor/LICENSE.txt": b"take it not",
            "mswal_bench-1.2.0.dist-info/licenses/LICENSE": None,
            "mswal_bench/constraints.txt": b"numpy==1.26.4\n",
        },
    )
    assert archives.file_faults(other, tracked) == [
        "the wheel lacks mswal_bench/metrics/__init__.py: name it in pyproject.toml under package-data",
        "the wheel has mswal_bench/build/litter.py, which is not tracked: find out why",
    ]
    assert archives.licence_faults(other) == [
        "the wheel lacks LICENSE: name it in pyproject.toml under license-files",
        "mswal_bench/metrics/vendor/LICENSE.txt is not the file that VENDORED.json tells of: take it from its source",
    ]
    assert archives.constraint_faults(other, checkout) == [
        "constraints.txt in the wheel is not the checkout's: build it from a clean checkout"
    ]
    (checkout / "constraints.txt").write_text("numpy==1.26.4\n")
    assert archives.constraint_faults(other, checkout) == [
        "constraints.txt has numpy 1.26.4, and pyproject.toml asks for numpy>=2.0: mend one"
    ]
    listing = b'[{"name": "a-viewer", "files": {"viewer.js": "sha256:0"}}]'
    other = _rewritten(wheel, {"mswal_bench/metrics/vendor/VENDORED.json": listing})
    assert archives.licence_faults(other) == [
        "mswal_bench/metrics/vendor/VENDORED.json names no licence of a-viewer: add its LICENSE.txt",
        "the wheel lacks mswal_bench/metrics/vendor/viewer.js: put it back",
    ]
