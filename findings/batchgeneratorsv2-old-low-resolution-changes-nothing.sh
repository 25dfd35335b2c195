#!/usr/bin/env bash
# batchgeneratorsv2 up to 0.3.0 lowers no resolution when ignore_axes is None: the line that sets the scale of the ignored
# axes to 1, scales[:, None] = 1, sets it for every axis. nnU-Net v2 passes None unless it augments slice by slice, so
# networks trained with these versions did not have this augmentation. From 0.3.2, the next release on PyPI, None lowers the
# resolution, as an empty tuple does in both.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
cd "$folder"
cat > lower.py <<'PYTHON'
from importlib.metadata import version

import torch
from batchgeneratorsv2.transforms.spatial.low_resolution import SimulateLowResolutionTransform

image = torch.rand(1, 16, 16, 16, generator=torch.Generator().manual_seed(0))


def changed_voxels(ignore_axes):
    lower = SimulateLowResolutionTransform(
        scale=(0.5, 0.5), synchronize_channels=True, synchronize_axes=True, ignore_axes=ignore_axes, p_per_channel=1
    )
    return int((lower(image=image.clone())['image'] != image).sum())


none, empty = changed_voxels(None), changed_voxels(())
release = version('batchgeneratorsv2')
print(f'batchgeneratorsv2 {release}, half the resolution of {image.numel()} random voxels:')
print(f'ignore_axes=None changes {none}, ignore_axes=() changes {empty}')
assert empty > 4000
assert none == (0 if release == '0.3.0' else empty)
PYTHON
for version in 0.3.0 0.3.2; do
    environment/bin/python -m pip install --quiet "batchgeneratorsv2==$version" torch==2.13.0 numpy==2.4.6
    environment/bin/python -W ignore lower.py
done
