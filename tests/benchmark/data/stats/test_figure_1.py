from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from matplotlib import rc_context
from matplotlib.image import imread

from mswal_bench.benchmark.data.lesion_classes import LESION_CLASSES
from mswal_bench.benchmark.data.patients import Patients
from mswal_bench.benchmark.data.stats import figure_1
from mswal_bench.benchmark.data.stats.dataset_statistics import DatasetStatistics
from mswal_bench.benchmark.data.stats.figure_1 import draw_figure
from mswal_bench.benchmark.data.stats.summary import summarise


def svg(statistics: DatasetStatistics, path: Path) -> str:
    # With its texts as texts, not as outlines.
    with patch.dict(figure_1._STYLE, {"svg.fonttype": "none"}):
        draw_figure(statistics, summarise(statistics), [path])
    return path.read_text(encoding="utf-8")


def test_the_four_panels_show_the_numbers(paper_like: DatasetStatistics, tmp_path: Path) -> None:
    text = svg(paper_like, tmp_path / "fig1.svg")
    for shown in ("(a) Sex, n = 694", "374 (54%)", "(b) Contrast phase, n = 694", "37 (5%)", "(c) Lesions, n = 5,212"):
        assert f">{shown}<" in text
    for shown in ("2,126 + 161", "400 + 15", "(d) Longest axial diameter, cm", *(one.name for one in LESION_CLASSES)):
        assert f">{shown}<" in text
    # The same colours as over a CT.
    for lesion in LESION_CLASSES:
        assert lesion.colour in text


def test_what_is_not_recorded_is_said_and_not_drawn(paper_like: DatasetStatistics, tmp_path: Path) -> None:
    text = svg(replace(paper_like, patients=Patients()), tmp_path / "fig1.svg")
    assert text.count(">not recorded<") == 2
    assert ">Male<" not in text
    assert ">Venous<" not in text


def test_without_a_lesion_and_without_label_maps(paper_like: DatasetStatistics, tmp_path: Path) -> None:
    healthy = tuple(replace(case, lesions=()) for case in paper_like.cases[:3])
    unknown = tuple(replace(case, lesions=None, has_label=False) for case in paper_like.cases[:3])
    assert svg(replace(paper_like, cases=healthy), tmp_path / "a.svg").count(">no lesion<") == 2
    assert svg(replace(paper_like, cases=unknown), tmp_path / "b.svg").count(">no label map<") == 2


def test_few_or_equal_lesions_are_drawn_one_by_one(paper_like: DatasetStatistics, tmp_path: Path) -> None:
    template = next(one for case in paper_like.cases for one in case.lesions or ())
    equal = replace(paper_like.cases[0], lesions=(replace(template, class_id=7, diameter_mm=20.0),) * 30)
    single = replace(paper_like.cases[1], lesions=(replace(template, class_id=1, diameter_mm=150.0),))
    text = svg(replace(paper_like, cases=(equal, single)), tmp_path / "fig1.svg")
    assert "PolyCollection" not in text
    assert ">30 + 0<" not in text
    assert ">0 + 30<" in text


def test_files_are_white_wide_enough_and_the_same_again(paper_like: DatasetStatistics, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("1.svg", "1.png", "2.svg", "2.png")]
    draw_figure(paper_like, summarise(paper_like), paths[:2])
    # As nnU-Net leaves it behind in its process.
    with rc_context({"font.size": 30, "axes.grid": True}):
        draw_figure(paper_like, summarise(paper_like), paths[2:])
    assert paths[0].read_bytes() == paths[2].read_bytes()
    assert paths[1].read_bytes() == paths[3].read_bytes()
    pixels = imread(paths[1])
    assert pixels.shape[1] == 1920
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    # Nothing runs over the edge of the picture.
    assert (border == 1).all()
