#!/usr/bin/env bash
# Blosc2 with several threads writes other bytes each time it writes the same array: blocks stand in the file in the order
# in which threads end. nnU-Net v2 writes its prepared cases so, with four. Every file reads back as the same voxels, but a
# digest over the files says that a preparation is another each time. With one thread the bytes are the same.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/python" -m pip install --quiet blosc2==4.14.1 numpy==2.4.6
cd "$folder"
environment/bin/python - <<'PYTHON'
from hashlib import sha256
from pathlib import Path

import blosc2
import numpy as np

image = np.random.default_rng(0).normal(size=(1, 96, 160, 160)).astype(np.float32)


def different_files(threads):
    digests = set()
    for number in range(12):
        path = f'{threads}-{number}.b2nd'
        parameters = {'codec': blosc2.Codec.LZ4HC, 'clevel': 1, 'nthreads': threads}
        chunks = {'chunks': (1, 48, 80, 80), 'blocks': (1, 16, 40, 40)}
        blosc2.asarray(image, urlpath=path, mode='w', cparams=parameters, **chunks)
        assert np.array_equal(blosc2.open(path, mode='r')[:], image)
        digests.add(sha256(Path(path).read_bytes()).hexdigest())
    return len(digests)


one, four = different_files(1), different_files(4)
print('blosc2 4.14.1: 12 writes of one array give', four, 'different files with four threads, and', one, 'with one')
assert one == 1 and four > 1
PYTHON
