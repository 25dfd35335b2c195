"""Draws figures in a style of their own and writes them to files, whole or not at all."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mswal_bench.benchmark.core.whole_files import whole_file

from .letters import families_for

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def styled(style: Mapping[Any, Any], *texts: str) -> AbstractContextManager[None]:
    """Sets matplotlib's own style and over it `style`, with fonts that have the letters of all `texts`."""
    from matplotlib import style as styles

    # Other code in this process may have changed matplotlib's style, as nnU-Net's trainers do.
    return styles.context(["default", {**style, "font.family": families_for(*texts)}], after_reset=True)


def save_figure(figure: Figure, out: Path, dpi: int, metadata: Mapping[str, str | None] | None = None) -> None:
    """Writes the figure to `out` in the format of its suffix; to be called within the style that it was made in.

    Raises OSError when the file cannot be written.
    """
    with whole_file(out) as temporary, _quiet():
        figure.savefig(temporary, dpi=dpi, metadata=dict(metadata or {}))


def say(figure: Figure, x_in: float, y_in: float, text: str, **how: Any) -> None:
    """Writes text at a place in inches from the figure's lower left corner."""
    width_in, height_in = figure.get_size_inches()
    # matplotlib would read dollar signs in a name as mathematics.
    figure.text(x_in / width_in, y_in / height_in, text, parse_math=False, **how)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what matplotlib says of fonts: that none has a letter, which is then a box, or that one is not bold."""
    logger = logging.getLogger("matplotlib.font_manager")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            yield
    finally:
        logger.setLevel(level)
