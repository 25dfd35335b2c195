"""Letters of scripts that matplotlib's own font lacks, with a font that has one of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]
from matplotlib import font_manager
from matplotlib.figure import Figure

from mswal_bench.benchmark.figures.figure_files import save_figure, say, styled
from mswal_bench.benchmark.figures.letters import doubled, families_for, undoubled

# A Linear B sign, which no font of usual machines has.
SIGN = "\U00010000"


@pytest.fixture
def font(tmp_path: Path) -> Iterator[str]:
    """An installed font with that sign alone, a filled square."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 700), (700, 700), (700, 0)):
        pen.lineTo(corner)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "sign"])
    builder.setupCharacterMap({ord(SIGN): "sign"})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "sign": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (700, 0), "sign": (700, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Test Signs", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    path = tmp_path / "signs.ttf"
    builder.save(path)
    before = list(font_manager.fontManager.ttflist)
    font_manager.fontManager.addfont(path)
    yield "Test Signs"
    font_manager.fontManager.ttflist = before


def test_what_the_own_font_has_needs_no_other() -> None:
    assert families_for("Case 1", "Größe µ", "Печень") == ["DejaVu Sans"]


def test_a_letter_that_it_lacks_is_of_an_installed_font(font: str) -> None:
    assert families_for(f"a{SIGN}") == ["DejaVu Sans", font]


def test_the_letter_is_drawn_with_that_font(font: str, tmp_path: Path) -> None:
    import matplotlib.image

    with styled({}, SIGN):
        figure = Figure(figsize=(1, 1))
        say(figure, 0.2, 0.2, SIGN, fontsize=40)
        save_figure(figure, tmp_path / "a.png", 72)
    dark = matplotlib.image.imread(tmp_path / "a.png")[..., 0] < 0.1
    # 0.7 of 40 pixels wide and high, filled.
    assert dark.sum() == pytest.approx(28 * 28, abs=60)


def test_a_letter_that_no_font_has_is_a_box_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    assert families_for(f"a{SIGN}") == ["DejaVu Sans"]
    with styled({}, SIGN):
        figure = Figure()
        say(figure, 1, 1, SIGN, weight="bold")
        save_figure(figure, tmp_path / "a.png", 72)
    assert (tmp_path / "a.png").exists()
    assert (caplog.text, len(recwarn)) == ("", 0)


def test_wide_letters_count_twice() -> None:
    assert (len(doubled("肝a囊肿")), undoubled(doubled("肝a囊肿"))) == (7, "肝a囊肿")
