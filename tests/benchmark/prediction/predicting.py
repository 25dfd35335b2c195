"""What the tests that predict other images share: the call, and its errors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mswal_bench.benchmark.core.errors import BenchError
from mswal_bench.benchmark.prediction.predict_images import predict_images
from mswal_bench.benchmark.prediction.predictions import Predictions
from mswal_bench.benchmark.runs.run_folder import RunFolder


def predict(work: Path, *images: Path, out: Path, **more: Any) -> Predictions:
    return predict_images(work, images, out, device="cpu", **more)


def wrong(work: Path, *images: Path, out: Path, **more: Any) -> list[str]:
    with pytest.raises(BenchError) as caught:
        predict(work, *images, out=out, **more)
    return [str(problem) for problem in caught.value.problems]


def state_of(work: Path, change: Callable[[Any], None]) -> None:
    with RunFolder(work).changing() as state:
        change(state)
