"""Curves of runs as a file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_dacapo.errors import UserInputError
from napari_dacapo.files import atomic_write

if TYPE_CHECKING:
    from napari_dacapo.experiments.results.curves import MeanCurve

SUFFIXES = (".svg", ".png", ".pdf")
SIZE = (10.0, 4.0)  # inches
DOTS = 150  # of a picture, an inch
FEW_POINTS = 30  # are marked


def draw(path: Path, loss: Sequence[MeanCurve], score: Sequence[MeanCurve], named: str) -> None:
    """Loss on the left, score on the right under its name, each with a band as wide as its deviation.

    Raises UserInputError for other kinds of file, and where what draws is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        problem = "no such kind of picture"
        raise UserInputError("--plot", str(path), problem, f"Let the name end with {', '.join(SUFFIXES)}")
    figure = _figure()
    losses, scores = figure.subplots(1, 2)
    _fill(losses, "loss", loss)
    _fill(scores, named, score)
    losses.set_yscale("log")
    losses.legend(frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=path.suffix[1:].lower(), dpi=DOTS)
    atomic_write(path, buffer.getvalue())


def _figure() -> Any:
    """Without a window, whatever there is."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        fix = "Install it: pip install 'napari-dacapo[plots]'"
        raise UserInputError("--plot", "a picture", "matplotlib is not installed", fix) from None
    return Figure(figsize=SIZE, layout="constrained")


def _fill(axes: Any, quantity: str, curves: Sequence[MeanCurve]) -> None:
    axes.set_xlabel("iteration")
    axes.set_ylabel(quantity)
    axes.spines[["top", "right"]].set_visible(False)
    for curve in curves:
        marker = "." if len(curve.mean) <= FEW_POINTS else ""
        (line,) = axes.plot(curve.iteration, curve.mean, label=curve.title, marker=marker)
        if curve.deviation.any():
            low, high = curve.mean - curve.deviation, curve.mean + curve.deviation
            axes.fill_between(curve.iteration, low, high, alpha=0.2, color=line.get_color(), linewidth=0)
