"""Which labels belong to an image, as far as shapes and names tell."""

from collections.abc import Sequence
from difflib import SequenceMatcher

Named = tuple[str, tuple[int, ...]]  # name and shape


def likeliest(image: Named, labels: Sequence[Named]) -> int | None:
    """The place of the labels of the same shape, of those the most alike in name; None without any labels.

    An image may have channels before its axes in space. Without labels of its shape any may be meant.
    """
    if not labels:
        return None
    return max(range(len(labels)), key=lambda place: _likeness(image, labels[place]))


def _likeness(image: Named, labels: Named) -> tuple[bool, float]:
    fits = labels[1] == image[1][-len(labels[1]) :]
    return fits, SequenceMatcher(None, image[0].casefold(), labels[0].casefold()).ratio()
