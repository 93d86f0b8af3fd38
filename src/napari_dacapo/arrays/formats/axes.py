"""Which axis of a stored array is which."""

from collections.abc import Iterable

from napari_dacapo.arrays.formats.stored import Stored, tail
from napari_dacapo.errors import UserInputError

ALL = "tczyx"
FEW = 4  # a first or last axis this short may hold channels
WORDS = {"time": "t", "channel": "c", "channels": "c"}


def letters_of(names: Iterable[object]) -> str | None:
    """Axis names as letters: ["c^", "Z", "y", "x"] gives "czyx"; None where they are anything else."""
    plain = (str(name).lower().removesuffix("^") for name in names)
    letters = [WORDS.get(name, name) for name in plain]
    return "".join(letters) if is_axes(letters) else None


def is_axes(letters: Iterable[str]) -> bool:
    """Whether these are different letters of t, c, z, y, x with y and x among them."""
    found = list(letters)
    return set("yx") <= set(found) <= set(ALL) and len(set(found)) == len(found)


def axes_of(stored: Stored, given: str | None) -> str:
    """A letter per stored axis: the given ones, else the file's, else the only ones possible.

    Raises UserInputError where they do not fit the shape, or where nothing tells them.
    """
    if given is not None:
        if len(given) != len(stored.shape):
            problem = f"{stored.name} has {len(stored.shape)} axes, of lengths {stored.shape}"
            raise UserInputError("axes", given, problem, "Give one letter per axis")
        return given
    if not 2 <= len(stored.shape) <= len(ALL):
        problem = f"its shape is {stored.shape}"
        raise UserInputError(
            "path", tail(stored.name), problem, "Choose an array of 2 to 5 axes, of them y and x"
        )
    return stored.axes or _guessed(stored)


def _guessed(stored: Stored) -> str:
    """Two axes are yx; three are zyx unless the first or the last looks like channels."""
    shape = stored.shape
    if len(shape) == 2:
        return "yx"
    few = min(shape[0], shape[-1]) <= FEW < max(shape)
    if len(shape) == 3 and not few:
        return "zyx"
    problem = f"nothing in {stored.name} tells its axes, of lengths {shape}"
    example = {3: "cyx, yxc, tyx or zyx", 4: "czyx, zyxc or tzyx"}.get(len(shape), "tczyx")
    raise UserInputError("axes", None, problem, f"Set one letter per axis, for example {example}")
