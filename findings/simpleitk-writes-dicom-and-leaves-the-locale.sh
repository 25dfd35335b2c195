#!/usr/bin/env bash
# Writing one DICOM slice with a position and its axes with SimpleITK puts the whole process into the locale C and leaves
# it there. From then on Python opens text files as ASCII: a data set's JSON with an umlaut in it, read before, is refused
# after. Reading DICOM, and writing NIfTI or MetaImage, do not.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/python" -m pip install --quiet SimpleITK==2.5.7 numpy==2.4.6
cd "$folder"
LC_ALL=C.UTF-8 environment/bin/python - <<'PYTHON'
import locale
from pathlib import Path

import numpy as np
import SimpleITK

Path('dataset.json').write_text('{"name": "Zürich"}')
seen = [locale.getencoding()]
for name in ('a.nii.gz', 'a.mha', 'a.dcm'):
    image = SimpleITK.GetImageFromArray(np.zeros((1, 8, 8), np.int16))[:, :, 0]
    for key, value in {'0008|0060': 'CT', '0020|0032': '0\\0\\2.5', '0020|0037': '1\\0\\0\\0\\1\\0'}.items():
        image.SetMetaData(key, value)
    SimpleITK.WriteImage(image, name)
    SimpleITK.ReadImage(name)
    seen.append(locale.getencoding())
print('SimpleITK 2.5.7: encoding at first, after .nii.gz, .mha and .dcm:', seen, 'locale', locale.setlocale(locale.LC_ALL))
assert seen[:3] == ['UTF-8'] * 3 and seen[3] != 'UTF-8'
try:
    Path('dataset.json').read_text()
except UnicodeDecodeError as error:
    print('the file that was written before:', error.reason)
else:
    raise SystemExit('the file could be read')
PYTHON
