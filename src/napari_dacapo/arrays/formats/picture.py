"""Single PNG and JPEG images."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_dacapo.arrays.formats.stored import Stored, damage_named, tail
from napari_dacapo.errors import UserInputError

TYPES = {  # how Pillow calls what an image holds, and its numbers
    **{"1": "?", "L": "u1", "LA": "u1", "RGB": "u1", "RGBA": "u1"},
    **{"I;16": "<u2", "I;16B": ">u2", "I": "i4", "F": "f4"},
}
COLOURS = ("red", "green", "blue")
CHANNELS = {"RGB": COLOURS, "RGBA": COLOURS}
PNG = b"\x89PNG"
PNG_BITS = slice(24, 26)  # bits per channel, kind of colour: 2, 4 and 6 have several channels


def open_stored(path: Path, array: str, level: int) -> Stored:
    """(y, x), or (y, x, c) where it has colours; its opacity is left out."""
    shape, dtype, channel_names = header(path)
    return Stored(
        name=str(path),
        shape=shape,
        dtype=dtype,
        chunks=shape,
        reader=lambda slices: pixels(path)[slices],
        axes="yxc"[: len(shape)],
        channel_names=channel_names,
    )


def header(path: Path) -> tuple[tuple[int, ...], np.dtype[np.generic], tuple[str, ...]]:
    """Shape, type and channel names; nothing is decoded. Raises UserInputError for what is read wrongly."""
    with _opened(path) as image:
        _refuse_palettes(path, image)
        if image.mode not in TYPES:
            problem = f"its colours are {image.mode}"
            raise UserInputError("path", tail(path), problem, "Save it as grey, RGB or RGBA")
        names = CHANNELS.get(image.mode, ())
        channels = (len(names),) if names else ()
        return (image.height, image.width, *channels), np.dtype(TYPES[image.mode]), names


def pixels(path: Path) -> NDArray[Any]:
    with _opened(path) as image:
        values = np.asarray(image)
        if image.mode == "LA":
            return values[..., 0]
        return values[..., : len(COLOURS)] if image.mode == "RGBA" else values


def _opened(path: Path) -> Image.Image:
    try:
        with damage_named(path, "it cannot be opened"):
            return Image.open(path)
    except Image.DecompressionBombError as error:
        raise UserInputError("path", tail(path), str(error)[:80], "Save it as TIFF or OME-Zarr") from error


def _refuse_palettes(path: Path, image: Image.Image) -> None:
    """Ids or colours: nobody can tell. Pillow drops half of the bits of 16-bit colours."""
    if image.mode in ("P", "PA"):
        problem = "it has a palette: its values may be ids or colours"
        raise UserInputError("path", tail(path), problem, "Save it as grey (ids) or RGB (colours)")
    with path.open("rb") as file:
        start = file.read(PNG_BITS.stop)
    if start.startswith(PNG):
        bits, colours = struct.unpack(">BB", start[PNG_BITS])
        if bits == 16 and colours in (2, 4, 6):
            problem = "it has several channels of 16 bits"
            raise UserInputError("path", tail(path), problem, "Save it as TIFF")
