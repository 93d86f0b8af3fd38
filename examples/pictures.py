"""Pictures of what a run learned: its loss, and one section of its validation."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import uniform_filter1d

from napari_dacapo.experiments.results.history import Iterations
from napari_dacapo.scores.contingency import Contingency

PANEL = 400  # pixels a side, about
CAPTION = 28
WIDTH, HEIGHT, MARGIN = 900, 420, 60
GREY, LIGHT, DARK = (130, 130, 130), (190, 205, 225), (25, 70, 140)


def draw_validation(
    path: Path,
    raw: NDArray[Any],
    truth: NDArray[Any],
    affinities: NDArray[Any],
    segmentation: NDArray[Any],
) -> None:
    """The middle section of volumes (z, y, x), and of affinities (c, z, y, x), side by side."""
    z = len(raw) // 2
    nearest = (255 * affinities[:3, z].astype(np.float32)).astype(np.uint8)
    panels = {
        "raw": np.stack([raw[z]] * 3, axis=-1),
        "truth": coloured(truth[z]),
        "affinities along z, y, x": np.moveaxis(nearest, 0, -1),
        "segmentation": coloured(segmentation[z], matched(segmentation, truth)),
    }
    times = max(1, PANEL // raw.shape[2])
    height, width = times * raw.shape[1], times * raw.shape[2]
    picture = Image.new("RGB", (len(panels) * width, height + CAPTION))
    draw = ImageDraw.Draw(picture)
    for number, (caption, pixels) in enumerate(panels.items()):
        large = Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST)
        picture.paste(large, (number * width, CAPTION))
        draw.text((number * width + 6, 4), caption, font=ImageFont.load_default(16))
    picture.save(path)


def coloured(labels: NDArray[Any], colour_of: NDArray[Any] | None = None) -> NDArray[np.uint8]:
    """(y, x, 3): a colour for each id, or for what `colour_of` gives for it, with dark outlines."""
    ids = labels if colour_of is None else colour_of[labels]
    colours = np.random.default_rng(3).integers(70, 256, (int(ids.max()) + 1, 3)).astype(np.uint8)
    colours[0] = 0
    outlined: NDArray[np.uint8] = colours[ids]
    outlined[:-1][labels[:-1] != labels[1:]] //= 3
    outlined[:, :-1][labels[:, :-1] != labels[:, 1:]] //= 3
    return outlined


def matched(segmentation: NDArray[Any], truth: NDArray[Any]) -> NDArray[Any]:
    """By segment, the object it shares most voxels with."""
    table = Contingency.of(segmentation, truth)
    objects = np.zeros(int(table.segments.max()) + 1, np.int64)
    for segment, found in table.pairs[np.argsort(table.counts)]:
        objects[table.segments[segment]] = table.objects[found]
    objects[0] = 0
    return objects


def draw_loss(path: Path, measured: Iterations) -> None:
    """Every iteration's loss, and their running mean."""
    font = ImageFont.load_default(14)
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(picture)
    loss = measured.loss[np.isfinite(measured.loss)]
    iteration = measured.iteration[np.isfinite(measured.loss)]
    top, last = float(loss.max()), int(iteration[-1])
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = (value[0] for value in _places(np.array([share]), np.array([share])))
        draw.line([(MARGIN, y), (WIDTH - 20, y)], (225, 225, 225))
        draw.text((12, y - 8), f"{share * top:.2f}", GREY, font)
        draw.text((x - 12, HEIGHT - MARGIN + 10), f"{share * last:.0f}", GREY, font)
    draw.text((WIDTH // 2 - 30, HEIGHT - 24), "iteration", GREY, font)
    draw.text((12, 8), "loss", GREY, font)
    smooth = uniform_filter1d(loss, max(1, len(loss) // 30), mode="nearest")
    for values, colour, thickness in ((loss, LIGHT, 1), (smooth, DARK, 3)):
        x_places, y_places = _places(iteration / last, values / top)
        draw.line(list(zip(x_places, y_places, strict=True)), colour, thickness)
    picture.save(path)


def _places(x: NDArray[Any], y: NDArray[Any]) -> tuple[list[float], list[float]]:
    """Pixels of points whose coordinates are in [0, 1], y upwards."""
    across = MARGIN + x * (WIDTH - MARGIN - 20)
    down = HEIGHT - MARGIN - y * (HEIGHT - MARGIN - 36)
    return across.tolist(), down.tolist()
