"""What the axes of a layer may be where it does not tell."""

from napari_dacapo.arrays.formats.axes import letters_of
from napari_dacapo.errors import UserInputError
from napari_dacapo.layers.shown import ShownLayer

GREY = {  # by how many axes there are; the likeliest first
    3: ("zyx", "cyx", "tyx", "yxc"),
    4: ("czyx", "zcyx", "tzyx", "tcyx", "zyxc", "tyxc"),
    5: ("tczyx", "tzcyx", "tzyxc"),
}
COLOUR = {3: ("yxc",), 4: ("zyxc", "tyxc"), 5: ("tzyxc",)}


def possible_axes(layer: ShownLayer) -> tuple[str, ...]:
    """Letters a person can choose from; none where the layer tells."""
    count = len(layer.shape)
    if layer.rgb:
        return COLOUR.get(count, ())
    return () if letters_of(layer.axis_labels) else GREY.get(count, ())


def likely_axes(layer: ShownLayer) -> str | None:
    """Those that are taken without a choice; None where a person must choose."""
    try:
        return layer.letters()
    except UserInputError:
        return None
