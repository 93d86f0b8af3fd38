"""Which array of a container is meant."""

import difflib
from collections.abc import Sequence

from napari_dacapo.arrays.formats.remote_folder import Place
from napari_dacapo.errors import UserInputError

SHOWN = 6  # names in a message


def only_one(container: Place, found: Sequence[str]) -> str:
    """The only array there is. Raises UserInputError listing them where there are none or several."""
    if not found:
        raise UserInputError(
            "path", container.name, "no array of 2 or more axes is in it", "Choose another file"
        )
    if len(found) > 1:
        raise UserInputError(
            "array", "", f"{container.name} holds several arrays", f"Choose one: {_listed(found)}"
        )
    return found[0]


def no_such_array(container: Place, array: str, found: Sequence[str]) -> UserInputError:
    near = difflib.get_close_matches(array, found, 1)
    hint = f"Did you mean {near[0]}? " if near else ""
    return UserInputError(
        "array", array, f"not in {container.name}", f"{hint}Found: {_listed(found) or 'no array'}"
    )


def no_such_level(name: str, level: int, count: int) -> UserInputError:
    levels = "one resolution level only" if count == 1 else f"{count} resolution levels"
    fix = "Set 0" if count == 1 else f"Choose from 0 to {count - 1}"
    return UserInputError("level", level, f"{name} has {levels}", fix)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
