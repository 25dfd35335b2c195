"""Keeps the folders and process-wide settings that nnU-Net wants inside one work folder."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from mswal_bench.baselines.failures import LOG_FILE
from mswal_bench.baselines.processes import cores
from mswal_bench.baselines.raw_layout import image_name, label_name

DATASET_ID = 1


@dataclass(frozen=True)
class Workspace:
    """nnU-Net's three folders under `root`, holding one data set."""

    root: Path

    @classmethod
    def of(cls, work: Path) -> Workspace:
        """That of a method's work folder."""
        return cls(work / "nnunet")

    @property
    def dataset(self) -> str:
        """The data set's name as nnU-Net wants it."""
        return f"Dataset{DATASET_ID:03d}_Bench"

    @property
    def raw(self) -> Path:
        return self.root / "raw" / self.dataset

    @property
    def preprocessed(self) -> Path:
        return self.root / "preprocessed" / self.dataset

    @property
    def log(self) -> Path:
        """Everything nnU-Net prints goes here."""
        return self.root / LOG_FILE

    def link_raw(self, source: Path, cases: Iterable[str]) -> None:
        """Makes the training `cases` of the data set `source` visible under the name nnU-Net wants, by symbolic links.

        nnU-Net takes every file of the folder for a case, and people's folders have others in them.
        """
        ending = json.loads((source / "dataset.json").read_text(encoding="utf-8"))["file_ending"]
        if self.raw.is_symlink():  # As versions before 0.2 left it.
            self.raw.unlink()
        shutil.rmtree(self.raw, ignore_errors=True)
        files = [Path("dataset.json")]
        for case in sorted(cases):
            files += [Path("imagesTr", image_name(case, ending)), Path("labelsTr", label_name(case, ending))]
        for file in files:
            link = self.raw / file
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to((source / file).resolve())

    @contextmanager
    def entered(self, device: str, *, compiled: bool = True) -> Iterator[None]:
        """While inside, nnU-Net reads and writes in this workspace and prints to its log.

        It compiles networks where it would (training on a GPU, and prediction if the user's `nnUNet_compile` says so),
        unless `compiled` is False: then nowhere.
        """
        processes = str(_worker_processes(device))
        environment = {
            "nnUNet_raw": str(self.root / "raw"),
            "nnUNet_preprocessed": str(self.root / "preprocessed"),
            "nnUNet_results": str(self.root / "results"),
            # Read once, when nnU-Net is first imported.
            "nnUNet_def_n_proc": str(cores()),
            "nnUNet_n_proc_DA": processes,
            # Read once, when torch is first imported. By default a thread that waits for others spins, which where
            # something else wants the core makes a network of many small layers thirty times slower.
            "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE"),
        }
        if not compiled:
            environment["nnUNet_compile"] = "false"
        before = {name: os.environ.get(name) for name in environment}
        self.root.mkdir(parents=True, exist_ok=True)
        os.environ.update(environment)
        try:
            with self.log.open("a", encoding="utf-8") as log, redirect_stdout(log), redirect_stderr(log):
                yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _worker_processes(device: str) -> int:
    """Processes that cut and augment patches. Zero would crash planning; a GPU wants as many as nnU-Net gives it."""
    return min(12, cores()) if device == "cuda" else 1
