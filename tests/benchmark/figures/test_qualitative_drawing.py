from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle

from mswal_bench.benchmark.figures.body_planes import VIEWS, BodyGrid
from mswal_bench.benchmark.figures.compared_case import ComparedCase
from mswal_bench.benchmark.figures.crops import whole_box, zoom_box
from mswal_bench.benchmark.figures.ct_panel import ABDOMEN
from mswal_bench.benchmark.figures.qualitative_drawing import Scene, ShownPlane, draw_scene, scene_figure
from mswal_bench.benchmark.figures.view_choice import Target, choose_plane

from .conftest import GEOMETRY, MISSED, Compare, planted


def scene_of(compared: ComparedCase, with_image: bool = True, component: int = 2) -> Scene:
    """Of the planted cyst, the last of the reference's lesions, that the first method misses."""
    grid = BodyGrid(GEOMETRY)
    target = Target(compared.reference, component) if compared.reference.count else None
    planes = []
    for view in VIEWS:
        index = choose_plane(target, grid, view)
        places, pixel_mm = grid.places(view, index), grid.pixel_mm(view)
        grey = np.full(places.shape, 40, np.float32) if with_image else None
        lesion = target.pixels(places) if target is not None else places < 0
        box = zoom_box(lesion, pixel_mm, 8)
        whole = whole_box(grey, box, (places.shape[0], places.shape[1]), pixel_mm)
        planes.append(ShownPlane(view, index, places, pixel_mm, grey, whole, box))
    return Scene(compared, tuple(planes), ABDOMEN)


def texts(figure: Figure) -> str:
    inside = [text.get_text() for axes in figure.axes for text in axes.texts]
    legends = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return "\n".join([*(text.get_text() for text in figure.texts), *inside, *legends])


def patches(axes) -> dict[str, PathPatch]:
    return {str(patch.get_label()): patch for patch in axes.patches if isinstance(patch, PathPatch)}


def test_the_planted_lesions_are_drawn_where_they_are(planted_case):
    figure = scene_figure(scene_of(planted_case))
    # Row by row: axial, magnified, coronal, magnified; image, reference, first, second.
    assert len(figure.axes) == 16
    image, reference, first, second = figure.axes[:4]
    assert not patches(image)
    assert set(patches(reference)) == {"reference liver_cyst", "reference kidney_cyst"}
    assert {"FN kidney_cyst", "predicted liver_cyst"} <= set(patches(first))
    assert not {label for label in patches(second) if label.startswith(("FP", "FN"))}
    missed = patches(first)["FN kidney_cyst"]
    box = missed.get_path().get_extents()
    # 1 mm voxels in the slice; mm from its corner.
    assert (box.x0, box.x1, box.y0, box.y1) == (MISSED[2].start, MISSED[2].stop, MISSED[1].start, MISSED[1].stop)
    assert missed.get_linestyle() != "solid"
    assert missed.get_facecolor()[3] == 0
    # What is outlined on the whole slice is so magnified, too, and the reference of a match is only there.
    assert "FN kidney_cyst" in patches(figure.axes[6])
    assert not any("matched reference" in label for axes in figure.axes[:4] for label in patches(axes))
    assert "matched reference kidney_cyst" in patches(figure.axes[7])


def test_a_false_positive_is_solid_and_filled(planted_case):
    figure = scene_figure(scene_of(planted_case, component=0))
    first = patches(figure.axes[2])
    assert first["FP liver_tumor"].get_linestyle() == "solid"
    assert first["predicted liver_tumor"].get_facecolor()[3] > 0.4
    assert first["FN liver_tumor"].get_linestyle() != "solid"
    said = texts(figure)
    assert "false positive" in said
    assert "false negative" in said
    assert "Liver tumor" in said
    assert "Gallstone" not in said


def test_a_millimetre_is_one_length_down_and_across(planted_case):
    figure = scene_figure(scene_of(planted_case))
    width_in, height_in = figure.get_size_inches()
    for axes in figure.axes:
        place, across, down = axes.get_position(), np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())
        assert place.width * width_in / across == pytest.approx(place.height * height_in / down)
    # 10 slices of 3 mm.
    coronal = figure.axes[8].images[0].get_extent()
    assert coronal == [0, 16, 30, 0]


def test_the_box_on_the_whole_slice_is_what_is_magnified_in_all_columns(planted_case: ComparedCase) -> None:
    figure = scene_figure(scene_of(planted_case))
    for row in (0, 8):
        for column in range(4):
            whole, magnified = figure.axes[row + column], figure.axes[row + 4 + column]
            (box,) = (patch for patch in whole.patches if isinstance(patch, Rectangle))
            (x, y), width, height = box.get_xy(), box.get_width(), box.get_height()
            assert magnified.get_xlim() == (x, x + width)
            assert magnified.get_ylim() == (y + height, y)
            assert whole.get_xlim()[0] <= x < x + width <= whole.get_xlim()[1]


def test_sides_scale_numbers_and_caption(planted_case: ComparedCase) -> None:
    figure = scene_figure(scene_of(planted_case))
    assert [text.get_text() for text in figure.axes[0].texts] == ["R", "L", "A", "5 mm"]
    assert [text.get_text() for text in figure.axes[8].texts] == ["R", "L", "H", "5 mm"]
    (bar,) = figure.axes[0].lines
    assert np.ptp(bar.get_xdata()) == 5
    said = texts(figure)
    assert "1 / 2 / 2" in said
    assert "100.00\n3 / 0 / 0" in said
    caption = said.replace("\n", " ")
    for part in ("C, axial slice 4, coronal slice 9", "40 / 400 HU", "mswal/1", "IoU of at least 1/2"):
        assert part in caption


def test_without_an_image_there_is_no_column_for_it(planted_case: ComparedCase) -> None:
    figure = scene_figure(scene_of(planted_case, with_image=False))
    assert len(figure.axes) == 12
    assert not any(axes.images for axes in figure.axes)
    assert "no image" in texts(figure)
    assert figure.texts[0].get_text() == "Reference"


def test_nothing_to_show_is_said(compare_arrays: Compare) -> None:
    empty = np.zeros((10, 12, 16), np.uint8)
    figure = scene_figure(scene_of(compare_arrays(empty, {"one": empty})))
    assert "Neither the reference nor a prediction has a lesion." in texts(figure).replace("\n", " ")
    assert "undefined" in texts(figure)
    assert not figure.legends


HOSTILE = [
    "$\\frac{1}{$",
    "a" * 300,
    "tab\tnew\nline\x00",
    "",
    "_^%#&{}\\",
    "<b>&amp;</b>",
    "Ünï-net \u202eabc \u65e5\u672c",
]


@pytest.mark.filterwarnings("ignore:Glyph .* missing")
def test_seven_methods_of_hostile_names_fit(compare_arrays, tmp_path):
    reference, predictions = planted()
    compared = compare_arrays(reference, dict.fromkeys(HOSTILE, predictions["first"]))
    figure = scene_figure(scene_of(compared))
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(figure).get_renderer()
    titles = [text for text in figure.texts if text.get_fontweight() == "bold"]
    assert len(titles) == 9
    boxes = [title.get_window_extent(renderer) for title in titles]
    for left, right in pairwise(boxes):
        assert left.x1 <= right.x0
    page = figure.bbox
    for artist in [*figure.texts, *figure.legends]:
        extent = artist.get_window_extent(renderer)
        assert page.x0 <= extent.x0
        assert extent.x1 <= page.x1
        assert page.y0 <= extent.y0
        assert extent.y1 <= page.y1
    # Nothing lies on anything else.
    lowest = min(axes.get_window_extent(renderer).y0 for axes in figure.axes)
    legends = [legend.get_window_extent(renderer) for legend in figure.legends]
    assert all(legend.y1 < lowest for legend in legends)
    assert legends[1].y1 <= legends[0].y0 + 1
    out = tmp_path / "figure.svg"
    draw_scene(scene_of(compared), out)
    assert out.stat().st_size > 10_000


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_equal_data_makes_equal_files_whatever_style_is_set(
    planted_case: ComparedCase, tmp_path: Path, suffix: str
) -> None:
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    draw_scene(scene_of(planted_case), first)
    with rc_context({"font.size": 30, "savefig.dpi": 50, "axes.facecolor": "pink", "image.interpolation": "none"}):
        draw_scene(scene_of(planted_case), second)
    assert first.read_bytes() == second.read_bytes()


def test_the_width_asked_for_and_that_of_few_methods(compare_arrays: Compare) -> None:
    reference, predictions = planted()
    one = scene_of(compare_arrays(reference, {"one": predictions["first"]}))
    assert scene_figure(one).get_size_inches()[0] < 6
    assert scene_figure(one, 122).get_size_inches()[0] == pytest.approx(122 / 25.4)
    seven = scene_of(compare_arrays(reference, {str(name): predictions["first"] for name in range(7)}))
    assert scene_figure(seven).get_size_inches()[0] == pytest.approx(7.2)
    many = scene_of(compare_arrays(reference, {str(name): predictions["first"] for name in range(20)}))
    assert scene_figure(many, 60).get_size_inches()[0] > 15
