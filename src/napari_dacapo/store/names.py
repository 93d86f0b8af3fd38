"""What a record may be called."""

import itertools
import re
import unicodedata
from collections.abc import Container

from napari_dacapo.errors import UserInputError

LONGEST_NAME = 100  # characters
PORTS = [f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)]
DEVICES = {"con", "prn", "aux", "nul", *PORTS}


def checked_name(name: object, field: str = "name") -> str:
    """The name in Unicode's composed form (NFC). Raises UserInputError saying what is wrong with it."""
    if not isinstance(name, str):
        raise UserInputError(field, name, "a name is a text", "Type one")
    name = unicodedata.normalize("NFC", name)
    if not name.strip():
        raise UserInputError(field, name, "a name is needed", "Type one")
    for position, character in enumerate(name, 1):
        problem = _problem(character)
        if problem:
            raise UserInputError(field, name, f"character {position} is {problem}", "Leave it out")
    if len(name) > LONGEST_NAME:
        raise UserInputError(
            field, name, f"it has {len(name)} characters", f"Use at most {LONGEST_NAME} characters"
        )
    if name.strip(". ") != name:
        raise UserInputError(
            field, name, "it begins or ends with a dot or a space", f"Try {name.strip('. ')!r}"
        )
    if name.partition(".")[0].rstrip().casefold() in DEVICES:
        raise UserInputError(field, name, "Windows keeps this name for a device", f"Try '{name}-1'")
    return name


def folded(name: str) -> str:
    """Equal for names that differ only in case or composition: those count as the same name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def free_name(name: str, taken: Container[str]) -> str:
    """The first of name-2, name-3, ... whose folded form is not taken; "unet-2" gives "unet-3"."""
    counted = re.fullmatch(r"(.+)-([1-9][0-9]{0,5})", name)
    stem, first = (counted[1], int(counted[2]) + 1) if counted else (name, 2)
    candidates = (_numbered(stem, number) for number in itertools.count(first))
    return next(candidate for candidate in candidates if folded(candidate) not in taken)


def _numbered(stem: str, number: int) -> str:
    ending = f"-{number}"
    return stem[: LONGEST_NAME - len(ending)].rstrip(". ") + ending


def _problem(character: str) -> str:
    if character in "/\\":
        return f"{character}, which separates folders"
    category = unicodedata.category(character)
    if category == "Cs":
        return "half a character (a lone surrogate)"
    if category in ("Cc", "Zl", "Zp"):
        return f"the control character U+{ord(character):04X}"
    return ""
