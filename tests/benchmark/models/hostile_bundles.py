"""Model bundles with bytes changed at random: none may crash a reader, hold it up, or take much memory.

`python -m mswal_bench.tests.benchmark.models.hostile_bundles --count 20000` tries that many, and prints how many were
refused by which code and what they took; the tests try the same few each time.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import re
import resource
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.models.bundle_model import open_bundle
from mswal_bench.benchmark.models.model_text import model_text
from mswal_bench.tests.speed.model_start import write_random_bundle

MOST_S = 5.0
"""Of a reader's own work for one bundle."""
_WORDS: tuple[Any, ...] = (
    None, True, 0, -1, 1 << 31, 1 << 62, 10**30, 0.5, -1e308, "", "x" * 5000, "../../x", "/etc/passwd", "os.system",
    "\x1b[2J", "\u202e", "\ud800", [], {}, [[]], {"a": {}}, [0] * 1000, [[[[[[0]]]]]], {str(n): n for n in range(500)},
)  # fmt: skip


def sound_members(folder: Path) -> dict[str, bytes]:
    """The members of a bundle of a small network, in their order."""
    bundle = write_random_bundle(folder / "sound.mswal", "float32", [2, 4, 4, 4, 4, 4])
    with zipfile.ZipFile(bundle.path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: Mapping[str, bytes], *, mended: bool) -> bytes:
    """An archive of the members; `mended` makes the form's sizes and digests theirs, so that readers look further."""
    content = dict(members)
    if mended:
        try:
            form = json.loads(content["model.json"])
            form["members"] = {
                name: {"bytes": len(data), "digest": "sha256:" + hashlib.sha256(data).hexdigest()}
                for name, data in content.items()
                if name != "model.json"
            }
            content["model.json"] = json.dumps(form).encode()
        except (ValueError, TypeError, KeyError, RecursionError):
            pass
    written = io.BytesIO()
    with warnings.catch_warnings():
        # Of a name that is there twice.
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
            for name, data in content.items():
                archive.writestr(zipfile.ZipInfo(name), data)
    return written.getvalue()


def hostile_bundle(draw: random.Random, members: Mapping[str, bytes]) -> bytes:
    """One change or a few: in the archive, in the header of the weights, in a value of a document, in its text."""
    kind = draw.choice(["archive", "weights", "value", "value", "text", "members"])
    content = dict(members)
    documents = [name for name in content if name.endswith(".json")]
    if kind == "archive":
        archive = bytearray(packed(content, mended=True))
        # Half of the changes in the directory, which is at the end.
        first = len(archive) - 700 if draw.random() < 0.5 else 0
        for _ in range(draw.randint(1, 4)):
            _change(draw, archive, first)
        return bytes(archive)
    if kind == "weights":
        weights = bytearray(content["fold_0.safetensors"])
        if draw.random() < 0.5:
            header = int.from_bytes(weights[:8], "little")
            text = bytearray(_number_changed(draw, bytes(weights[8 : 8 + header])))
            weights = bytearray(len(text).to_bytes(8, "little")) + text + weights[8 + header :]
        else:
            _change(draw, weights, 0, last=4000)
        content["fold_0.safetensors"] = bytes(weights)
    elif kind == "value":
        name = draw.choice(documents)
        table = json.loads(content[name])
        _change_value(draw, table)
        content[name] = json.dumps(table).encode()
    elif kind == "text":
        name = draw.choice(documents)
        text = bytearray(content[name])
        _change(draw, text, 0)
        content[name] = bytes(text)
    else:
        name = draw.choice(list(content))
        data = content.pop(name)
        if draw.random() < 0.7:
            content[draw.choice(["../x", "/x", "a/b.json", "x.zip", "fold_9.safetensors", "more.json", "a\\b"])] = data
    return packed(content, mended=draw.random() < 0.8)


def _change(draw: random.Random, content: bytearray, first: int, last: int | None = None) -> None:
    at = draw.randrange(max(0, first), max(1, min(len(content), last or len(content))))
    kind = draw.randrange(5)
    if kind == 0:
        content[at : at + 1] = bytes([draw.randrange(256)])
    elif kind == 1:
        del content[at : at + draw.randint(1, 64)]
    elif kind == 2:
        content[at:at] = content[at : at + draw.randint(1, 200)]
    elif kind == 3:
        size = draw.choice([1, 2, 4, 8])
        content[at : at + size] = draw.choice([0, 1, (1 << 8 * size) - 1, 1 << (8 * size - 1)]).to_bytes(size, "little")
    else:
        content[at:at] = draw.choice([b"[" * 5000, b'{"a":' * 5000, b"1e999", b"NaN", b"9" * 5000, b'"', b"\xff"])


def _number_changed(draw: random.Random, text: bytes) -> bytes:
    numbers = [*re.finditer(rb"\d+", text)]
    chosen = draw.choice(numbers)
    value = draw.choice([b"-1", b"0", b"1", b"99999999999999999999", b"1.5", b"null", b"4611686018427387904"])
    return text[: chosen.start()] + value + text[chosen.end() :]


def _change_value(draw: random.Random, table: Any) -> None:
    """Exchanges, adds or removes a value somewhere within."""
    inside = table
    while True:
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        if not keys:
            return
        key = draw.choice(keys)
        below = inside[key]
        if isinstance(below, dict | list) and below and draw.random() < 0.8:
            inside = below
            continue
        kind = draw.randrange(4)
        if kind == 0 and isinstance(inside, dict):
            inside[draw.choice(["more", "", "x" * 300, "\x1b"])] = draw.choice(_WORDS)
        elif kind == 1:
            del inside[key]
        else:
            inside[key] = draw.choice(_WORDS)
        return


def survives(path: Path, content: bytes) -> str:
    """Gives the code by which a bundle is refused, or `opened`. Raises what no reader may: all but BenchError."""
    path.write_bytes(content)
    before = sorted(path.parent.iterdir())
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            model = open_bundle(path)
            assert model_text(model.bundle, 80).replace("\n", "").isprintable()
            told = "opened"
        except BenchError as error:
            sentence = str(error)
            assert sentence.replace("\n", "").encode()
            found = re.search(r"\(([a-z0-9-]+)\)", sentence)
            told = found[1] if found else "no code"
    assert time.process_time() - start < MOST_S
    assert sorted(path.parent.iterdir()) == before
    return told


def main() -> None:
    """As the module says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # In another process: this one has no need of torch.
        with ProcessPoolExecutor(1, get_context("spawn")) as apart:
            members = apart.submit(sound_members, Path(folder)).result()
        before = _peak_mib()
        draw, codes, longest = random.Random(arguments.seed), Counter[str](), 0.0
        alone = Path(folder) / "alone"
        alone.mkdir()
        for _ in range(arguments.count):
            content = hostile_bundle(draw, members)
            start = time.process_time()
            codes[survives(alone / "a.mswal", content)] += 1
            longest = max(longest, time.process_time() - start)
    print(f"{arguments.count} bundles: {dict(codes.most_common())}")
    print(f"longest {longest:.2f} s; peak memory {before:.0f} MiB before, {_peak_mib():.0f} MiB after")


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
