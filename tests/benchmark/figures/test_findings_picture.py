"""The picture of what was found in a scan, by what it says and where it draws."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from PIL import Image

from mswal_bench.benchmark.data.lesion_classes import BY_KEY
from mswal_bench.benchmark.figures.crops import Box
from mswal_bench.benchmark.figures.findings_picture import (
    AxialSlice,
    Findings,
    FoundType,
    ShownLesion,
    draw_findings,
    findings_figure,
    millilitres,
)

WHOLE, MAGNIFIED = Box(0, 0, 80, 60), Box(5, 5, 20, 20)


def slice_with(*keys: str) -> AxialSlice:
    """A slice of 60 x 40 voxels of 1 x 2 mm (rows, columns), with a lesion of each type, 3 x 2 voxels."""
    class_ids = np.zeros((60, 40), np.int64)
    for place, key in enumerate(keys):
        class_ids[10 + 5 * place : 13 + 5 * place, 6:8] = BY_KEY[key].id
    return AxialSlice(7, -12.5, (1.0, 2.0), np.full(class_ids.shape, 40, np.float32), class_ids, WHOLE)


def findings_with(*keys: str, counts: int = 1, case: str = "case_1") -> Findings:
    """All of them lie in one slice, which is shown for each of the first four; there are `counts` of each."""
    where = slice_with(*keys)
    shown = tuple(
        ShownLesion(BY_KEY[key], 2, 1234.0, 21.04, where, where.class_ids == BY_KEY[key].id, MAGNIFIED)
        for key in (keys * counts)[:4]
    )
    types = tuple(FoundType(BY_KEY[key], counts, 5678.0, 30.0) for key in keys)
    return Findings(case, "A model, fold 0", "A notice.", 50, shown, None if shown else where, types)


def texts(figure: Figure) -> list[str]:
    return [text.get_text().replace("\N{NO-BREAK SPACE}", " ") for text in figure.texts]


def outlines(axes) -> dict[str, PathPatch]:
    return {str(patch.get_label()): patch for patch in axes.patches if isinstance(patch, PathPatch)}


def test_a_lesion_is_outlined_in_its_slice_and_magnified() -> None:
    figure = findings_figure(findings_with("liver_tumor", "kidney_cyst"))
    whole, magnified, of_cyst, _ = figure.axes
    for axes in (whole, magnified):
        patches = outlines(axes)
        assert set(patches) == {"shown liver_tumor", "kidney_cyst"}
        extents = patches["shown liver_tumor"].get_path().get_extents()
        assert (extents.x0, extents.x1, extents.y0, extents.y1) == (12, 16, 10, 13)
        assert to_rgba(patches["shown liver_tumor"].get_facecolor())[-1] == 0
    assert (whole.get_xlim(), whole.get_ylim()) == ((0, 80), (60, 0))
    assert (magnified.get_xlim(), magnified.get_ylim()) == ((5, 25), (25, 5))
    assert [patch.get_bbox().bounds for patch in whole.patches if isinstance(patch, Rectangle)] == [(5, 5, 20, 20)]
    assert {"R", "L", "A"} <= {text.get_text() for text in whole.texts}
    assert set(outlines(of_cyst)) == {"shown kidney_cyst", "liver_tumor"}


def test_it_says_what_was_found() -> None:
    said = texts(findings_figure(findings_with("liver_tumor")))
    for text in (
        "case_1", "One lesion was found. Window 40 / 400 HU.", "Liver tumor 2", "1.23 ml, 21.0 mm", "A notice.",
        "slice 7 of 50, z -12.5 mm", "Liver tumor", "5.68 ml", "30.0 mm",
    ):  # fmt: skip
        assert text in said
    assert "Predicted by A model, fold 0." in " ".join(" ".join(said).split())


@pytest.mark.parametrize(
    ("keys", "counts", "expected"),
    [
        (["gallstone", "liver_cyst"], 1, "2 lesions were found. Window"),
        (["gallstone", "liver_cyst"], 3, "6 lesions were found. Shown is the largest of each type, then the largest"),
        (["gallstone", "liver_cyst", "kidney_cyst", "kidney_stone"], 2, "Shown is the largest of each type. Window"),
        ([*BY_KEY], 1, "7 lesions were found. Shown is the largest of 4 of the 7 types. Window"),
        ([], 1, "No lesion was found. Shown is the middle of the scan, slice 7 of 50, z -12.5 mm."),
    ],
)
def test_it_says_what_is_shown(keys: list[str], counts: int, expected: str) -> None:
    figure = findings_figure(findings_with(*keys, counts=counts))
    assert expected in " ".join(" ".join(texts(figure)).split())
    assert len(figure.axes) == max(1, 2 * min(4, len(keys) * counts))


@pytest.mark.parametrize("case", ["a" * 300, "$x_1$ a\tb", "腹部增强扫描_门静脉期_" * 12, "تصوير البطن", ""])
@pytest.mark.parametrize("keys", [[], ["gallstone"], [*BY_KEY]])
def test_any_name_is_drawn_within_the_picture(case: str, keys: list[str], tmp_path: Path) -> None:
    findings = findings_with(*keys, case=case)
    draw_findings(findings, tmp_path / "a.png", {"Title": case})
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.info.get("Title", "") == case
        pixels = np.asarray(picture.convert("L"))
    # Nothing reaches the edges, where text would be cut.
    for edge in (pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]):
        assert edge.max() == 0


def test_no_texts_cover_each_other() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    for keys in ([], ["gallstone"], ["gallstone", "liver_cyst"], [*BY_KEY]):
        figure = findings_figure(findings_with(*keys, counts=123))
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        boxes = [text.get_window_extent(canvas.get_renderer()) for text in figure.texts]
        for place, box in enumerate(boxes):
            assert not [other for other in boxes[:place] if box.shrunk(0.95, 0.8).overlaps(other.shrunk(0.95, 0.8))]


def test_volumes_of_stones_are_not_nothing() -> None:
    assert [millilitres(volume) for volume in (4.9, 5.0, 10.0, 12_345.6)] == [
        "< 0.01 ml", "0.01 ml", "0.01 ml", "12.35 ml",
    ]  # fmt: skip
