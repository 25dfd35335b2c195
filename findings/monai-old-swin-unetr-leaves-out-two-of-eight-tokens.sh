#!/usr/bin/env bash
# Swin UNETR of monai before 1.5.0 merges the wrong tokens: of the eight of a 2 x 2 x 2 block, PatchMerging takes two twice
# and leaves two out, and the order differs. SwinUNETR uses it unless told otherwise. From 1.5.0 it takes all eight, and
# the old weights still load without an error, yet give other logits. A network trained with monai before 1.5.0 must be
# run with monai before 1.5.0.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
cd "$folder"
cat > merge.py <<'PYTHON'
import monai
import torch
from monai.networks.nets.swin_unetr import PatchMerging, SwinUNETR

merging = PatchMerging(1)
merging.norm = merging.reduction = torch.nn.Identity()  # leaves the eight channels as they were put together
with torch.no_grad():
    merged = merging(torch.arange(64.0).reshape(1, 4, 4, 4, 1))
tokens = [int(token) for token in merged[0, 0, 0, 0]]
print(f'monai {monai.__version__}: a block of tokens 0 1 4 5 16 17 20 21 is merged as', *tokens)

old = monai.__version__ == '1.4.0'
size = {'img_size': (64, 64, 64)} if old else {}
torch.manual_seed(0)
network = SwinUNETR(in_channels=1, out_channels=8, feature_size=12, **size).eval()
image = torch.rand(1, 1, 64, 64, 64, generator=torch.Generator().manual_seed(0))
if old:
    torch.save(network.state_dict(), 'weights.pt')
network.load_state_dict(torch.load('weights.pt'), strict=True)
with torch.no_grad():
    logits = network(image)
if old:
    torch.save(logits, 'logits.pt')
    again = SwinUNETR(in_channels=1, out_channels=8, feature_size=12, **size).eval()
    again.load_state_dict(torch.load('weights.pt'), strict=True)
    with torch.no_grad():
        assert torch.allclose(again(image), logits, atol=1e-4)
    assert tokens == [0, 16, 4, 1, 17, 4, 1, 21]
else:
    before = torch.load('logits.pt')
    apart = float((logits - before).abs().max())
    print(f'the weights of 1.4.0 give logits up to {apart:.2f} away from theirs (deviation {float(before.std()):.2f})')
    assert tokens == [0, 16, 4, 1, 20, 17, 5, 21] and apart > 0.01
PYTHON
for version in 1.4.0 1.6.1; do
    environment/bin/python -m pip install --quiet "monai==$version" torch==2.13.0 numpy==1.26.4 einops==0.8.2
    environment/bin/python -W ignore merge.py
done
