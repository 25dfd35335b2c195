"""Writes the model card of a bundle: its README, as Hugging Face's hub reads it.

Source of the fields: huggingface.co/docs/hub/model-cards; their YAML is written by the hub's own library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from huggingface_hub import EvalResult, ModelCardData

from mswal_bench.baselines.method import Budget
from mswal_bench.benchmark.data.lesion_classes import classes_of
from mswal_bench.benchmark.scoring.estimates import estimate_text
from mswal_bench.benchmark.tables.escaping import markdown_text

from .bundle_form import FORM_MEMBER, BundleForm, GoalScores, folds_text, statistics_text, weights_member

_LIBRARY, _TASK = "mswal-bench", "image-segmentation"
_NONE = "\N{EN DASH}"
_METRICS = (("dsc", "dice", "DSC"), ("f1", "f1", "F1 of lesions, IoU 0.5"))


def model_card(form: BundleForm, name: str) -> str:
    """The text of `README.md`, with its fields; `name` is that of the bundle's file without its ending."""
    return f"---\n{_fields(form, name)}\n---\n\n" + "\n".join(_text(form, name)) + "\n"


def _fields(form: BundleForm, name: str) -> str:
    fields = ModelCardData(
        language=None,
        license=(form.about.licence or "unknown").lower(),
        library_name=_LIBRARY,
        tags=["medical", "segmentation", "abdomen", "ct", "mswal", form.method],
        datasets=None,
        metrics=[metric for _, metric, _ in _METRICS] if form.scores else None,
        pipeline_tag=_TASK,
        model_name=name,
        eval_results=list(_results(form)) or None,
        ignore_metadata_errors=False,
    )
    return str(fields.to_yaml()).strip()


def _results(form: BundleForm) -> Iterator[EvalResult]:
    for goal in form.scores:
        for key, metric, title in _METRICS:
            value = getattr(goal.average, key).value
            if value is not None:
                yield EvalResult(
                    task_type=_TASK,
                    dataset_type=_LIBRARY,
                    dataset_name=form.data.name,
                    dataset_split=goal.track,
                    dataset_config=folds_text(goal.folds),
                    metric_type=metric,
                    metric_name=f"{title}, mean over lesion types ({goal.protocol})",
                    metric_value=round(100 * value, 2),
                )


def _text(form: BundleForm, name: str) -> Iterator[str]:
    data, about = form.data, form.about
    yield f"# {markdown_text(name)}"
    yield f"\n**{markdown_text(form.notice)}**\n"
    cases = "" if data.cases is None else f" ({data.cases} cases)"
    folds = folds_text(form.folds)
    yield (
        f"{markdown_text(form.title)} ({markdown_text(form.publication)}), trained on {markdown_text(data.name)}"
        f"{cases}. It finds lesions in abdominal CTs, each type by itself. "
        + (f"The ensemble of {folds} predicts." if len(form.folds) > 1 else f"The network of {folds} predicts.")
    )
    yield "\n## Use\n"
    yield '```\npip install "mswal-bench[train]"\n' + f"mswal-bench predict {name}.mswal SCANS -o label_maps\n```\n"
    yield "Scans are files of any usual format of volumes, or folders of a DICOM series. The labels:\n"
    yield "| label | lesion |\n|---:|---|"
    classes = classes_of(data.labels, FORM_MEMBER)
    yield from (f"| {each.id} | {markdown_text(each.name)} |" for each in classes)
    for goal in form.scores:
        yield from _scores(goal, {each.key: each.name for each in classes})
    if not form.scores:
        why = ": the run that trained it was not scored" if form.imported is None else ""
        yield f"\n## Scores\n\nNone are known{why}."
    yield "\n## Training\n"
    yield from _training(form)
    yield "\n## How true it is to its sources\n"
    yield from _fidelity(form)
    yield "\n## Who to ask\n"
    yield f"- Authors: {', '.join(map(markdown_text, about.authors)) or 'not told'}"
    yield f"- Licence of the weights: {markdown_text(about.licence) if about.licence else 'none given'}"
    yield f"- Contact: {markdown_text(about.contact) if about.contact else 'not told'}"
    yield "\n## What is in the bundle\n"
    members = ", ".join(f"`{weights_member(fold)}`" for fold in form.folds)
    yield (
        f"Weights as safetensors in {form.precision} ({members}), plans and the like as JSON, and `model.json` with "
        "the SHA-256 of each. Nothing in it can be run. `mswal-bench model verify` checks it."
    )


def _scores(goal: GoalScores, names: Mapping[str, str]) -> Iterator[str]:
    yield f"\n## Scores: {markdown_text(goal.track)}, {folds_text(goal.folds)}\n"
    yield "| lesion | DSC | F1 |\n|---|---:|---:|"
    for key, of_class in goal.classes.items():
        yield f"| {markdown_text(names.get(key, key))} | {estimate_text(of_class.dsc)} | {estimate_text(of_class.f1)} |"
    yield f"| Avg. | {estimate_text(goal.average.dsc)} | {estimate_text(goal.average.f1)} |"
    drawn = goal.bootstrap
    cases = "1 case" if goal.cases == 1 else f"{goal.cases} cases"
    intervals = f"{100 * drawn.confidence:g} % bootstrap intervals, {drawn.resamples:,} draws, where cases are enough"
    yield f"\nPercent, {cases}; {intervals}. Protocol {markdown_text(goal.protocol)}."


def _training(form: BundleForm) -> Iterator[str]:
    if form.imported is not None:
        yield f"- Imported from {markdown_text(form.imported.source)}; what it was trained with is not known."
    epochs = "" if form.epochs is None else f"{form.epochs} epochs a fold"
    if form.imported is None:
        seed = "" if form.run is None else f"seed {form.run.seed}"
        yield f"- {', '.join(filter(None, (f'Budget {form.budget.value}', epochs, seed)))}"
    elif epochs:
        yield f"- {epochs}"
    if form.budget is not Budget.PAPER:
        yield "- This is no full training: it shows that all works, and finds little in patients."
    yield f"- {form.parameters:,} numbers in a network"
    if form.statistics_batches:
        yield f"- Statistics of batch normalisation: {statistics_text(form.statistics_batches)}"
    sessions = [session for of_fold in form.training.values() for session in of_fold]
    if sessions:
        hours = [session.resources.gpu_hours for session in sessions]
        wall = [session.resources.wall_s for session in sessions]
        gpus = sorted({each.gpu for each in form.environments.values() if each.gpu})
        if None not in wall:
            yield f"- {sum(filter(None, wall)) / 3600:.2f} hours of training, all folds together"
        if None not in hours and gpus:
            yield f"- {sum(filter(None, hours)):.2f} GPU-hours on {', '.join(map(markdown_text, gpus))}"
    for package in ("torch", "nnunetv2"):
        versions = sorted({each.packages[package] for each in form.environments.values() if package in each.packages})
        if versions:
            yield f"- {package} {', '.join(map(markdown_text, versions))}"
    yield f"- mswal-bench {markdown_text(form.version)}"


def _fidelity(form: BundleForm) -> Iterator[str]:
    summary, differences = form.card.get("summary"), form.card.get("differences")
    yield f"In short: {markdown_text(str(summary or form.title))}.\n"
    if isinstance(differences, list | tuple) and differences:
        yield from (f"- {markdown_text(str(each))}" for each in differences)
    else:
        yield "Nothing is known in which it differs from the original."
