"""Spares tests what takes nnU-Net v2 longest: processes that import torch anew, and a picture of each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.pool import ThreadPool
from types import SimpleNamespace

import pytest


@contextmanager
def quick_nnunet() -> Iterator[None]:
    """While inside, `prepare` works in threads of this process, and `train` draws no `progress.png`.

    The processes are tested in `test_worker_pools.py`, and a run as users have it in `test_run_method.py`.
    """
    from nnunetv2.experiment_planning.dataset_fingerprint import fingerprint_extractor
    from nnunetv2.preprocessing.preprocessors import default_preprocessor
    from nnunetv2.training.logging.nnunet_logger import LocalLogger

    from mswal_bench.baselines.nnunet import worker_pools

    threads = SimpleNamespace(get_context=lambda method: SimpleNamespace(Pool=ThreadPool))

    @contextmanager
    def in_threads() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for module in (fingerprint_extractor, default_preprocessor):
                patch.setattr(module, "multiprocessing", threads)
            yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker_pools, "mortal_pools", in_threads)
        patch.setattr(LocalLogger, "plot_progress_png", lambda logger, folder: None)
        yield
