"""Submissions with bytes changed at random: none may crash a reader, hold it up, or have it write anywhere.

`python -m mswal_bench.tests.benchmark.submissions.hostile_bytes --minutes 5` tries new ones until the time is over and
prints how many; the tests try the same few each time.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import re
import struct
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.submissions.package.open_submission import open_submission
from mswal_bench.benchmark.submissions.package.private_copy import copied
from mswal_bench.benchmark.submissions.package.size_limits import Bounds
from mswal_bench.benchmark.volumes.label_maps import check_labels
from mswal_bench.benchmark.volumes.volume_header import read_header

from .packages import member, pack

# Of its own work: what else the machine does is nobody's fault.
MOST_S = 5.0
ROOM = Bounds(entries=100, file_bytes=1 << 20, total_bytes=4 << 20)
_SIZES = (0, 1, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_FLOATS = (0.0, -0.0, 1.0, -1.0, 1e-45, 3e38, -3e38, float("inf"), float("-inf"), float("nan"))
# pixdim, voxel offset, slope and intercept, quaternion and its offset, sform.
_FLOAT_FIELDS = (*range(76, 120, 4), *range(256, 328, 4))
_KEYS = (b"DimSize", b"ElementSpacing", b"Offset", b"TransformMatrix")
_WORDS = (b"0", b"1", b"-1", b"5", b"0.5", b"65536", b"1e300", b"-1e308", b"1e-320", b"1e999", b"nan", b"x")
Change = Callable[[bytearray], None]


def volumes() -> dict[str, bytes]:
    """One tiny label map in every format."""
    labels = SimpleITK.GetImageFromArray(np.arange(60, dtype=np.uint8).reshape(3, 4, 5) % 8)
    content = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, compressed in (("a.nii.gz", True), ("b.nii", False), ("c.mha", False), ("d.mha", True)):
            SimpleITK.WriteImage(labels, str(Path(folder) / name), compressed)
            content[name] = (Path(folder) / name).read_bytes()
    # The same each time: no hour of packing in it.
    content["a.nii.gz"] = gzip.compress(gzip.decompress(content["a.nii.gz"]), mtime=0)
    return content


def packages() -> dict[str, bytes]:
    files = {"M/submission.yaml": b"method: M\n"} | {f"M/predictions/{n}": c for n, c in volumes().items()}
    with tempfile.TemporaryDirectory() as folder:
        return {
            packing: pack(Path(folder) / packing, packing, files).read_bytes()
            for packing in ("zip", "stored.zip", "tar")
        }


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """One change: a number, a few bytes, a stretch left out, doubled or moved, or the end cut off."""
    kind = draw(st.sampled_from(["number", "bytes", "delete", "insert", "double", "cut", "text"]))
    place = draw(st.floats(0, 1, exclude_max=True))
    length = draw(st.integers(1, 64))
    width = draw(st.sampled_from("BHLQ"))
    value = draw(st.sampled_from(_SIZES) | st.integers(0, 0xFFFFFFFF))
    some = draw(st.binary(min_size=1, max_size=16))

    def change(content: bytearray) -> None:
        at = int(place * len(content))
        if kind == "number":
            number = struct.pack(f"<{width}", value & (256 ** struct.calcsize(f"<{width}") - 1))
            content[at : at + len(number)] = number[: len(content) - at]
        elif kind == "bytes":
            content[at : at + len(some)] = some
        elif kind == "delete":
            del content[at : at + length]
        elif kind == "insert":
            content[at:at] = some * length
        elif kind == "double":
            content[at:at] = content[at : at + length * 16]
        elif kind == "cut":
            del content[at:]
        else:
            content[at:at] = b" %d " % (value**2)

    return change


def changed(content: bytes, some: list[Change]) -> bytes:
    edited = bytearray(content)
    for change in some:
        change(edited)
    return bytes(edited)


def with_checksums(archive: bytes) -> bytes:
    """A tar archive whose headers' checksums are mended, so that readers look at what else is in them."""
    edited = bytearray(archive)
    for at in range(0, len(edited) - 511, 512):
        if edited[at + 257 : at + 262] == b"ustar":
            edited[at + 148 : at + 156] = b" " * 8
            edited[at + 148 : at + 156] = b"%06o\0 " % sum(edited[at : at + 512])
    return bytes(edited)


@st.composite
def hostile_packages(draw: st.DrawFn) -> bytes:
    """An archive changed as it is, beneath its gzip, or in a file that it holds."""
    some = draw(st.lists(changes(), min_size=1, max_size=4))
    packing = draw(st.sampled_from(["zip", "stored.zip", "tar", "tar.gz", "packed tar.gz", "pax"]))
    if packing in _PACKAGES:
        content = changed(_PACKAGES[packing], some)
        return with_checksums(content) if packing == "tar" and draw(st.booleans()) else content
    if packing == "tar.gz":
        return gzip.compress(with_checksums(changed(_PACKAGES["tar"], some)), 1, mtime=0)
    if packing == "pax":
        records = changed(b"16 path=predict\n20 size=000000000012\n18 comment=a long\n", some)
        return member("pax", records, type=draw(st.sampled_from([b"x", b"g", b"L", b"K"]))) + _PACKAGES["tar"]
    return changed(gzip.compress(_PACKAGES["tar"], 1, mtime=0), some)


@st.composite
def odd_headers(draw: st.DrawFn) -> bytes:
    """A NIfTI file with numbers in its header that no scan has, in the fields that hold 32-bit floats and sizes."""
    content = bytearray(_VOLUMES["b.nii"])
    for at in draw(st.lists(st.sampled_from(_FLOAT_FIELDS), min_size=1, max_size=6)):
        struct.pack_into("<f", content, at, draw(st.sampled_from(_FLOATS) | st.floats(width=32)))
    for at in draw(st.lists(st.sampled_from((40, 42, 46, 50, 70, 252, 254)), max_size=2)):
        struct.pack_into("<h", content, at, draw(st.sampled_from((-1, 0, 1, 2, 3, 8, 16, 64, 0x7FFF))))
    return bytes(content)


@st.composite
def odd_lines(draw: st.DrawFn, content: bytes) -> bytes:
    """A MetaImage with other numbers in some lines of its header."""
    for key in draw(st.lists(st.sampled_from(_KEYS), min_size=1, max_size=3, unique=True)):
        words = draw(st.lists(st.sampled_from(_WORDS), min_size=2, max_size=9))
        content = re.sub(key + rb" = .*", key + b" = " + b" ".join(words), content, count=1)
    return content


@st.composite
def hostile_volumes(draw: st.DrawFn) -> tuple[str, bytes]:
    """A volume whose header or content is changed, beneath its gzip or as it is."""
    name = draw(st.sampled_from(sorted(_VOLUMES)))
    if name.endswith(".mha") and draw(st.booleans()):
        return name, draw(odd_lines(_VOLUMES[name]))
    some = draw(st.lists(changes(), min_size=1, max_size=4))
    content = _VOLUMES[name]
    if name == "b.nii" and draw(st.booleans()):
        return name, draw(odd_headers())
    if name.endswith(".gz") and draw(st.booleans()):
        return name, gzip.compress(changed(gzip.decompress(content), some), 1, mtime=0)
    # Two thirds of the changes in what is read first.
    head = draw(st.sampled_from([100, 352, len(content)]))
    return name, changed(content[:head], some) + content[head:]


def survives(folder: Path, content: bytes, name: str = "submission") -> None:
    """Fails when `content`, read every way there is, raises more than BenchError, warns, takes long, or writes."""
    path = folder / name
    path.write_bytes(content)
    before = _listing(folder)
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if name == "submission":
            _read_package(path)
        else:
            _read_volume(path)
    assert time.process_time() - start < MOST_S
    assert _listing(folder) == before
    path.unlink()


def _read_package(path: Path) -> None:
    with open_submission(path, ROOM) as submission:
        for file in submission.files:
            _read_volume(file)
        names = {f"case{number}": file.name for number, file in enumerate(submission.files)}
        _ = [str(finding.to_json()).encode() for finding in submission.findings]
        for name in submission.files:
            assert ".." not in name.name.split("/")
            assert not name.name.startswith("/")
    named = {case: name for case, name in names.items() if name.lower().endswith((".nii.gz", ".nii", ".mha"))}
    with tempfile.TemporaryDirectory() as copies, tempfile.TemporaryDirectory() as folder:
        with open_submission(path, ROOM) as submission:
            copy = copied(submission, lambda _: True, Path(copies))
        for file in copy.files:
            _read_volume(file)
        try:
            assert copy.digest(names) == copy.digest(names)
            copy.link(named, Path(folder))
            assert len(list(Path(folder).iterdir())) == len(named)
        except BenchError:
            assert not copy.is_whole


def _read_volume(file: object) -> None:
    try:
        check_labels(read_header(file), 7)  # type: ignore[arg-type]
    except BenchError as error:
        str(error).encode()


def _listing(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


_VOLUMES, _PACKAGES = volumes(), packages()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0, help="of the first round; each has the next")
    arguments = parser.parse_args()
    end = time.monotonic() + 60 * arguments.minutes
    tried = 0
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "inside").mkdir()
        tempfile.tempdir = str(Path(name) / "temporary")
        Path(tempfile.tempdir).mkdir()

        def try_package(content: bytes) -> None:
            nonlocal tried
            tried += 1
            survives(Path(name) / "inside", content)

        def try_volume(volume: tuple[str, bytes]) -> None:
            nonlocal tried
            tried += 1
            survives(Path(name) / "inside", volume[1], volume[0])

        rounds = settings(
            max_examples=500, deadline=None, database=None, suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )  # fmt: skip
        for number in itertools.count(arguments.seed):
            if time.monotonic() > end:
                break
            seed(number)(rounds(given(hostile_packages())(try_package)))()
            seed(number)(rounds(given(hostile_volumes())(try_volume)))()
            print(f"seeds {arguments.seed} to {number}: {tried} examples", file=sys.stderr, flush=True)
        assert list(Path(tempfile.tempdir).iterdir()) == []


if __name__ == "__main__":
    main()
