#!/usr/bin/env bash
# SimpleITK takes a NIfTI's spacing from pixdim and its directions from the sform; nibabel takes both from the sform.
# Where a tool wrote the two differently, the same file has two sizes, and neither reader says so in its result.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/python" -m pip install --quiet SimpleITK==2.5.7 nibabel==5.4.2 numpy==2.4.6
cd "$folder"
environment/bin/python - <<'PYTHON'
import nibabel
import numpy as np
import SimpleITK

image = nibabel.Nifti1Image(np.zeros((3, 4, 5), np.uint8), np.diag([-0.7, -0.7, 5.0, 1.0]))
image.header['pixdim'][1:4] = (0.7, 0.7, 4.0)
nibabel.save(image, 'a.nii.gz')
by_simpleitk = SimpleITK.ReadImage('a.nii.gz').GetSpacing()
by_nibabel = nibabel.affines.voxel_sizes(nibabel.load('a.nii.gz').affine)
print('SimpleITK 2.5.7:', by_simpleitk, ' nibabel 5.4.2:', by_nibabel)
assert np.allclose(by_simpleitk, (0.7, 0.7, 4)) and np.allclose(by_nibabel, (0.7, 0.7, 5))
PYTHON
