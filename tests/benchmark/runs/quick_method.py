"""A method that trains at once and predicts nothing but background: for what a run does around a method."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import SimpleITK

from mswal_bench.baselines.case_failures import lost_output
from mswal_bench.baselines.method import Budget, FailedCasesError, Job, Method, Report
from mswal_bench.baselines.registry import METHODS
from mswal_bench.baselines.weight_fit import WeightFit

WAITED_S = 1.5
EPOCHS = 4


class QuickMethod(Method):
    """Its network of a fold is a file with the fold and the epochs that it was trained for."""

    name = "quick"
    title = "Quick"
    publication = "none"
    card = METHODS["nnunet-v2"].card
    packages = ()
    lost: frozenset[str] = frozenset()
    """The cases for which its output is not finite."""

    def settings(self, budget: Budget) -> Mapping[str, object]:
        return {}

    def prepare(self, job: Job, report: Report) -> None:
        report(1, 1, "")

    def parameters(self, job: Job) -> int:
        return 1

    def epochs(self, budget: Budget) -> int:
        return EPOCHS

    def epochs_done(self, job: Job, fold: int) -> int:
        path = network(job.work, fold)
        return int(path.read_text().split()[1]) if path.exists() else 0

    def train(self, job: Job, fold: int, report: Report) -> None:
        path = network(job.work, fold)
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{fold} {EPOCHS}")

    def trained_weights(self, work: Path) -> Mapping[int, Path]:
        return {fold: network(work, fold) for fold in range(5) if network(work, fold).exists()}

    def fitting_weights(self, job: Job) -> WeightFit:
        return WeightFit({"a": 1}, {}, {}, ())

    def predict(self, job: Job, folds: Sequence[int], images: Mapping[str, Path], out: Path, report: Report) -> float:
        out.mkdir(parents=True, exist_ok=True)
        for case, image in images.items():
            if case in self.lost:
                continue
            nothing = SimpleITK.ReadImage(str(image)) < -30_000
            SimpleITK.WriteImage(nothing, str(out / f"{case}.nii.gz"))
        lost = {case: lost_output() for case in images if case in self.lost}
        if lost:
            raise FailedCasesError(lost)
        return WAITED_S


def network(work: Path, fold: int) -> Path:
    return work / "networks" / str(fold)
