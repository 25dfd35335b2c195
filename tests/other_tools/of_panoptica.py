"""Asks panoptica, with its usual steps: components by cc3d, one match from an IoU of 0.5 on."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from . import situations as at


def _evaluator(metric: str, *classes: int) -> Any:
    import panoptica
    from panoptica.utils import LabelGroup, SegmentationClassGroups

    panoptica.disable_citation_reminder()
    return panoptica.Panoptica_Evaluator(
        expected_input=panoptica.InputType.SEMANTIC,
        instance_approximator=panoptica.ConnectedComponentsInstanceApproximator(),
        instance_matcher=panoptica.NaiveThresholdMatching(),
        instance_metrics=[panoptica.Metric.IOU],
        global_metrics=[panoptica.Metric[metric]],
        segmentation_class_groups=SegmentationClassGroups({str(of): LabelGroup(of) for of in classes}),
    )


def answers() -> dict[str, str]:
    import panoptica

    evaluator, of_distances = _evaluator("DSC", 1, 2), _evaluator("HD95", 1)

    def result(reference: Any, prediction: Any) -> Any:
        return evaluator.evaluate(prediction, reference, verbose=False)["1"]

    def hd95(pair: at.Pair) -> Any:
        return of_distances.evaluate(pair[1], pair[0], verbose=False)["1"].global_bin_hd95

    told = {}
    for name, pair in at.EMPTY.items():
        told[f"dice, {name}"] = at.told_of((pair,), lambda p: result(*p).global_bin_dsc)
        told[f"hd95, {name}"] = at.told_of((pair,), hd95)
    told["hd95, far part"] = at.told(lambda: hd95(at.FAR_PART))
    for name, pair in at.MATCHES.items():
        told[f"lesions, {name}"] = at.told_of((pair,), lambda p: _counts(result(*p)))
    for name, voxels in at.JOINED.items():
        told[f"lesions, {name}"] = at.told_of((voxels,), lambda v: result(v, v).n_ref_instances)
    with tempfile.TemporaryDirectory() as folder:
        files = at.write_files(Path(folder))
        for file in at.FILES:
            told[f"files, {file}"] = at.told_of(
                (file,),
                lambda f: result(*(str(files / side / "CASE.nii.gz") for side in ("reference", f))).global_bin_dsc,
            )
        aggregator = panoptica.Panoptica_Aggregator(evaluator, Path(folder) / "cases.tsv")
        for index, (reference, prediction) in enumerate(at.CASES):
            aggregator.evaluate(prediction, reference, str(index))
        statistic = aggregator.make_statistic()
        told["mean, class 1"] = at.told(lambda: statistic.get_summary("1", "global_bin_dsc").avg)
        told["mean, classes"] = at.told(lambda: statistic.get_summary_across_groups()["global_bin_dsc"].avg)
        told["mean, F1"] = at.told(lambda: statistic.get_summary("1", "rq").avg)
    return told


def _counts(of: Any) -> str:
    return at.counted(of.tp, of.fp, of.fn)
