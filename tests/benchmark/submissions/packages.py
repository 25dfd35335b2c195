"""Makes submissions of every packing, right ones and hostile ones."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from mswal_bench.benchmark.submissions.package.open_submission import Submission, open_submission
from mswal_bench.benchmark.submissions.package.size_limits import Bounds

FILES = {"submission.yaml": b"method: M\n", "predictions/a.nii.gz": b"first" * 300, "predictions/b.nii": b"second"}
PACKINGS = ("folder", "zip", "stored.zip", "tar", "tar.gz")


def pack(path: Path, packing: str, files: Mapping[str, bytes]) -> Path:
    """Packs `files` as one of `PACKINGS`, under a name that does not tell it."""
    if packing == "folder":
        for name, content in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    elif packing.endswith("zip"):
        method = zipfile.ZIP_STORED if packing.startswith("stored") else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        plain = tar_of(member(name, content) for name, content in files.items())
        path.write_bytes(gzip.compress(plain, 1) if packing.endswith("gz") else plain)
    return path


def member(name: str, content: bytes = b"", **fields: object) -> bytes:
    """A file's header and content as a tar archive holds them; `fields` are those of tarfile.TarInfo."""
    header = tarfile.TarInfo(name)
    header.size = len(content)
    for field, value in fields.items():
        setattr(header, field, value)
    return (
        header.tobuf(tarfile.GNU_FORMAT if header.size >= 8**11 else tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        + content
        + bytes(-len(content) % 512)
    )


def tar_of(members: Iterable[bytes], end: bytes = bytes(1024)) -> bytes:
    return b"".join(members) + end


def zip_of(files: Mapping[str, bytes] | Mapping[zipfile.ZipInfo, bytes]) -> bytearray:
    with io.BytesIO() as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return bytearray(stream.getvalue())


def opened(path: Path, bounds: Bounds | None = None) -> tuple[Submission, dict[str, bytes]]:
    """The submission, and the content of all its files."""
    with open_submission(path, bounds or Bounds()) as submission:
        return submission, {file.name: file.open().read() for file in submission.files}


def found_in(
    path: Path, content: bytes | bytearray | None = None, bounds: Bounds | None = None
) -> list[tuple[str, str]]:
    """The codes of what is found in a package, each with its file; `content` is written to `path` before."""
    if content is not None:
        path.write_bytes(content)
    with open_submission(path, bounds or Bounds()) as submission:
        return [(finding.code, finding.file) for finding in submission.findings]
