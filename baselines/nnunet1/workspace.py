"""Keeps the folders of nnU-Net v1 inside one work folder, and tells its process's environment. Needs no torch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.baselines.processes import cores
from mswal_bench.baselines.worker_memory import workers_for

TASK = "Task001_Bench"
_PLANS = "nnUNetPlansv2.1"
_MOST_PROCESSES = 8
"""v1's own default: each of them holds a whole volume."""


@dataclass(frozen=True)
class Workspace:
    """v1's folders under `root`, holding one data set."""

    root: Path

    @property
    def raw_base(self) -> Path:
        return self.root / "raw"

    @property
    def task(self) -> Path:
        """The data set in v1's raw layout."""
        return self.raw_base / "nnUNet_raw_data" / TASK

    @property
    def cropped(self) -> Path:
        """What v1 keeps between reading and preprocessing a data set."""
        return self.raw_base / "nnUNet_cropped_data"

    @property
    def preprocessed(self) -> Path:
        return self.root / "preprocessed" / TASK

    @property
    def plans(self) -> Path:
        return self.preprocessed / f"{_PLANS}_plans_3D.pkl"

    @property
    def splits(self) -> Path:
        return self.preprocessed / "splits_final.pkl"

    @property
    def model(self) -> Path:
        """The folder of the folds' networks, named as v1 names it."""
        return self.root / "results" / "nnUNet" / "3d_fullres" / TASK / f"nnUNetTrainerV2__{_PLANS}"

    def fold(self, fold: int) -> Path:
        return self.model / f"fold_{fold}"

    def latest_checkpoint(self, fold: int) -> Path:
        return self.fold(fold) / "model_latest.model"

    def final_checkpoint(self, fold: int) -> Path:
        return self.fold(fold) / "model_final_checkpoint.model"

    @property
    def log(self) -> Path:
        """Everything v1 prints goes here."""
        return self.root / "log.txt"

    def environment(self, device: str) -> dict[str, str]:
        """What v1 reads from the environment of its process, most of it when it is imported."""
        variables = {
            "nnUNet_raw_data_base": str(self.raw_base),
            # nnU-Net v2 reads the same name.
            "nnUNet_preprocessed": str(self.preprocessed.parent),
            "RESULTS_FOLDER": str(self.root / "results"),
            "nnUNet_def_n_proc": str(worker_processes()),
            # Processes that cut and augment patches; a GPU wants as many as v1 gives it.
            "nnUNet_n_proc_DA": str(min(12, cores()) if device == "cuda" else 1),
            # v1's checkpoints hold more than weights, which torch 2.6 and later refuses otherwise.
            "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1",
            # As for nnU-Net v2: a thread that waits for others must not spin.
            "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE"),
            # The log is of use while it grows.
            "PYTHONUNBUFFERED": "1",
        }
        if device == "cpu":
            # v1 takes a GPU wherever it sees one.
            variables["CUDA_VISIBLE_DEVICES"] = ""
        return variables


def preparing_processes(bytes_each: float, memory_bytes: int | None) -> int:
    """How many processes v1 may prepare a data set with, when each needs so much memory."""
    return workers_for(bytes_each, _MOST_PROCESSES, memory_bytes)


def worker_processes(most: int = _MOST_PROCESSES) -> int:
    """How many processes v1 may read, resample or write volumes with."""
    return min(most, cores())
