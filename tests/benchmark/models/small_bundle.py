"""Writes a sound model bundle of a few kilobytes, without a training."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from mswal_bench.baselines.method import Budget
from mswal_bench.benchmark.models.bundle_form import BundleForm, Member, TrainingData
from mswal_bench.benchmark.models.notice import NOTICE


def write_small_bundle(path: Path, seed: int = 0, card: str = "---\nlicense: mit\n---\n\n# A small model\n") -> Path:
    """The bundle at `path`; another seed draws other weights."""
    weights = np.random.default_rng(seed).standard_normal(1000).astype(np.float32)
    members = {"README.md": card.encode(), "fold_0.safetensors": save({"weight": weights})}
    form = BundleForm(
        notice=NOTICE,
        version="0",
        method="small",
        title="Small",
        publication="none",
        card={},
        settings={},
        budget=Budget.SMOKE,
        run=None,
        data=TrainingData(
            name="drawn", cases=None, split_digest=None, labels={"background": 0, "gallstone": 1}, file_ending=".nii.gz"
        ),
        precision="float32",
        parameters=1000,
        epochs=None,
        folds=[0],
        members={
            name: Member(bytes=len(content), digest="sha256:" + hashlib.sha256(content).hexdigest())
            for name, content in members.items()
        },
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("model.json", form.model_dump_json())
        for name, content in members.items():
            archive.writestr(name, content)
    return path
