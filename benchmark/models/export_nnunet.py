"""Writes a trained method as the folder that nnU-Net's own command predicts with."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from mswal_bench.baselines.failures import as_method_error
from mswal_bench.baselines.method import Budget, MethodError
from mswal_bench.baselines.nnunet.nnunet_method import NnUNetMethod
from mswal_bench.baselines.nnunet.plans import CONFIGURATION
from mswal_bench.baselines.nnunet.portable_model import PortableNnUNet
from mswal_bench.baselines.portable import Documents
from mswal_bench.baselines.stored_weights import WeightsError
from mswal_bench.benchmark.core.errors import BenchError, Problem
from mswal_bench.benchmark.core.progress import progress_bar
from mswal_bench.benchmark.core.scratch_folder import scratch_folder
from mswal_bench.benchmark.core.whole_files import not_written, require_unicode
from mswal_bench.benchmark.runs.method_choice import require_training_packages

from .bundle_form import About, folds_text
from .bundle_model import BundleModel, check_shapes, open_bundle
from .notice import NOTICE
from .trained_model import RunModel, TrainedModel, open_run

if TYPE_CHECKING:
    from torch import Tensor

README = "README.txt"
_NO_WORD = "not told"


@dataclass(frozen=True)
class NnUNetFolder:
    """A folder that was written for nnU-Net."""

    path: Path
    model: TrainedModel
    differences: tuple[str, ...]
    """What nnU-Net's command does otherwise than mswal-bench's own prediction, a sentence each."""

    @property
    def command(self) -> str:
        """With which nnU-Net predicts."""
        return _command(shlex.quote(str(self.path)), self.model.folds)


@dataclass(frozen=True)
class _Source:
    """What the folder is written from, of a run or of a bundle."""

    model: TrainedModel
    method: NnUNetMethod
    portable: PortableNnUNet
    budget: Budget
    documents: Documents
    weights: Callable[[int], Mapping[str, Tensor]]
    epochs: int | None
    cases: int | None
    about: About

    @property
    def mirroring_axes(self) -> Sequence[int]:
        """Those of the flips over which prediction averages."""
        averaged = self.method.recipes[self.budget].training.augmentation
        return self.documents["prediction"]["mirroring_axes"] if averaged else ()


def export_nnunet(
    place: Path, out: Path, *, folds: Sequence[int] | None = None, about: About | None = None, progress: bool = False
) -> NnUNetFolder:
    """Writes the trained method in `place`, a run's work folder or a bundle, to the folder `out`: whole or not at all.

    `folds` are those to put in; None is all that there are. What `about` tells takes the place of what a bundle
    says. Raises BenchError for what is no trained method, for a method whose network nnU-Net cannot build by itself,
    for a folder that is there already and not empty, and for what cannot be written.
    """
    require_unicode(place, out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BenchError(Problem("is there already", str(out), "a new folder", mend="Name another, or remove it."))
    try:
        with scratch_folder(out.absolute().parent) as scratch:
            source = _source(place, folds, about, scratch, progress)
            differences = tuple(_differences(source))
            made = scratch / "folder"
            made.mkdir()
            _write(source, made, scratch / "laid-out", progress)
            (made / README).write_text("\n".join(_readme(source, differences)) + "\n", encoding="utf-8")
            _sync(made)
            if out.exists():
                out.rmdir()
            made.replace(out)
    except OSError as error:
        raise BenchError(not_written(error, out)) from error
    except (MethodError, RuntimeError, WeightsError) as error:
        told = as_method_error(error)
        if told is None and not isinstance(error, WeightsError):
            raise
        raise BenchError(Problem(str(told or error).removesuffix("."), str(place))) from error
    return NnUNetFolder(out, source.model, differences)


def _source(place: Path, folds: Sequence[int] | None, about: About | None, scratch: Path, progress: bool) -> _Source:
    if place.is_file():
        bundle = open_bundle(place, folds, progress=progress)
        method, portable = _own(bundle)
        check_shapes(bundle, scratch / "checked")
        form, of = bundle.bundle.form, bundle.bundle.weights
        documents, cases = bundle.bundle.documents, form.data.cases
        return _Source(
            bundle, method, portable, form.budget, documents, lambda fold: of[fold].tensors(), form.epochs, cases,
            form.about.model_copy(update={} if about is None else about.model_dump(exclude_defaults=True)),
        )  # fmt: skip
    run = open_run(place, folds)
    method, portable = _own(run)
    budget = Budget(run.identity.budget)
    documents, cases = portable.documents(place, run.folds, budget), len(run.trained_on.cases)
    return _Source(
        run, method, portable, budget, documents, lambda fold: portable.weights(place, fold), method.epochs(budget),
        cases, about or About(),
    )  # fmt: skip


def _own(model: RunModel | BundleModel) -> tuple[NnUNetMethod, PortableNnUNet]:
    """The method, of which it is known then that nnU-Net builds its network by itself. Raises BenchError."""
    method = model.method
    if not isinstance(method, NnUNetMethod) or not method.portable.is_nnunets_own:
        what = f"nnU-Net cannot build the network of {method.name} by itself"
        found = method.portable.network_class if isinstance(method, NnUNetMethod) else "a method beside nnU-Net v2"
        mend = "Hand it on as a bundle: `mswal-bench model export` without --format."
        raise BenchError(Problem(what, str(model.place), "a network of dynamic_network_architectures", found, mend))
    require_training_packages(method)
    return method, method.portable


def _write(source: _Source, folder: Path, work: Path, progress: bool) -> None:
    from mswal_bench.baselines.nnunet.model_folder import write_checkpoint, write_planned_model

    portable, folds = source.portable, source.model.folds
    portable.lay_out(source.documents, work)
    names = portable.names(work)
    window = source.method.recipes[source.budget].plan.window
    write_planned_model(folder, source.documents, portable.network_class, window, source.cases)
    with progress_bar("export", "fold", shown=progress) as report:
        for done, fold in enumerate(folds):
            report(done, len(folds), f"fold {fold}")
            weights = source.weights(fold)
            write_checkpoint(folder, fold, weights, names, source.mirroring_axes, source.epochs)


def _command(folder: str, folds: Sequence[int]) -> str:
    """Without -device: as all of nnU-Net's, it asks for a GPU."""
    return f"nnUNetv2_predict_from_modelfolder -m {folder} -f {' '.join(map(str, folds))} -i IMAGES -o LABEL_MAPS"


def _sync(folder: Path) -> None:
    for path in (each for each in folder.rglob("*") if each.is_file()):
        with path.open("rb") as written:
            os.fsync(written.fileno())


def _differences(source: _Source) -> Iterator[str]:
    recipe = source.method.recipes[source.budget]
    if recipe.speck_share:
        yield (
            "nnU-Net's command does not remove specks, as mswal-bench does after a training with the budget "
            f"{source.budget.value}: its label maps have predicted lesions that mswal-bench's have not."
        )
    if recipe.plan.window is not None:
        trained = _sides(source.documents["plans"]["configurations"][CONFIGURATION]["patch_size"])
        yield (
            f"The patch in plans.json is the window of prediction, {_sides(recipe.plan.window)} voxels. The network "
            f"was trained on patches of {trained}: do not train with these plans."
        )


def _sides(patch: Sequence[int]) -> str:
    return " x ".join(map(str, patch))


def _readme(source: _Source, differences: Sequence[str]) -> Iterator[str]:
    about = source.about
    yield f"{source.model.name}."
    yield NOTICE
    yield ""
    yield "Predict with nnU-Net v2, on images CASE_0000" + source.model.file_ending + ":"
    yield ""
    yield "    " + _command("THIS_FOLDER", source.model.folds)
    yield ""
    yield f"It has the weights of {folds_text(source.model.folds)}, without the state of an optimizer."
    same = "its label maps are mswal-bench's" + (", but for what is said below" if differences else "")
    yield f"Give nnU-Net neither --disable_tta nor another -step_size, and {same}."
    yield from differences
    yield "nnU-Net reads checkpoints as pickles, which can run code. Those here can be read in torch's safe mode."
    yield ""
    yield f"Authors: {', '.join(about.authors) or _NO_WORD}"
    yield f"Licence of the weights: {about.licence or 'none given'}"
    yield f"Contact: {about.contact or _NO_WORD}"
    yield f"Written by mswal-bench {metadata.version('mswal-bench')}."
