#!/usr/bin/env bash
# A NIfTI with scl_slope 0 and scl_inter 1 has other values for each reader: nibabel takes a slope of 0 for no scaling
# and gives what is stored, SimpleITK takes it for a slope of 1 and adds the intercept to every label.
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

image = nibabel.Nifti1Image(np.ones((3, 4, 5), np.uint8), np.eye(4))
header = image.header.copy()
header['vox_offset'], header['magic'], header['scl_slope'], header['scl_inter'] = 352, b'n+1', 0, 1
with open('a.nii', 'wb') as file:
    file.write(header.binaryblock + bytes(4) + bytes([1] * 60))
by_simpleitk = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage('a.nii'))
by_nibabel = np.asarray(nibabel.load('a.nii').dataobj)
print('SimpleITK 2.5.7:', np.unique(by_simpleitk), ' nibabel 5.4.2:', np.unique(by_nibabel))
assert (by_simpleitk == 2).all() and (by_nibabel == 1).all()
PYTHON
