"""Containers that are folders: a node is a folder with metadata, an array or a group of nodes."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_dacapo.arrays.formats.choose import no_such_array, no_such_level, only_one
from napari_dacapo.arrays.formats.remote_folder import Place
from napari_dacapo.arrays.formats.stored import tail
from napari_dacapo.errors import UserInputError
from napari_dacapo.files import JsonError, parse_json

DEEPEST = 6  # groups in groups that are searched for arrays
MOST = 2000  # folders that are searched
LARGEST_METADATA = 16 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Node:
    """A group or an array."""

    folder: Place
    is_array: bool
    metadata: Mapping[str, Any]  # what describes the array
    attributes: Mapping[str, Any]  # what users add
    level_names: tuple[str, ...] = ()  # of a group that is one image in several resolutions, finest first


NodeAt = Callable[[Place], Node | None]


def find(container: Place, array: str, level: int, node_at: NodeAt) -> Node:
    """The array meant: by name, or the only one; of an image in several resolutions the level asked for.

    Raises UserInputError listing what there is.
    """
    node = node_at(container / array)
    if node is None and array:
        raise no_such_array(container, array, below(container, node_at))
    if node is None or not (node.is_array or node.level_names):
        base = container / array
        node = node_at(base / only_one(base, below(base, node_at)))
    if node is not None and node.level_names:
        if level >= len(node.level_names):
            raise no_such_level(container.name, level, len(node.level_names))
        missing = node.folder / node.level_names[level]
        node, level = node_at(missing), 0
        if node is None or not node.is_array:
            problem = f"level {missing.name} is listed, but no array is there"
            raise UserInputError("path", tail(str(container)), problem, "Copy the whole folder again")
    if node is None or level:
        raise no_such_level(f"{container.name}/{array}".rstrip("/"), level, 1)
    return node


def below(container: Place, node_at: NodeAt) -> list[str]:
    """Names of the arrays in a folder, an image in several resolutions counted as one."""
    found: list[str] = []
    waiting, looked_at = [(container, 0)], 0
    while waiting and looked_at < MOST:
        folder, depth = waiting.pop(0)
        looked_at += 1
        node = node_at(folder)
        if node is not None and (node.is_array or node.level_names):
            found.append("/".join(folder.parts[len(container.parts) :]))
        elif depth < DEEPEST:
            waiting += [(child, depth + 1) for child in _folders(folder)]
    return list(filter(None, found))


def json_object(path: Place) -> dict[str, Any]:
    """The metadata in a file. Raises UserInputError where it is no JSON object."""
    try:
        with path.open("rb") as file:
            content = parse_json(file.read(LARGEST_METADATA + 1), LARGEST_METADATA)
        reason = f"it is {str(content)[:20]} and no object"
    except JsonError as error:
        content, reason = None, str(error)
    if not isinstance(content, dict):
        problem = f"the metadata in {path.parent.name}/{path.name} is unreadable: {reason}"
        raise UserInputError(
            "path", tail(str(path.parent)), problem, "Restore that file, or convert the data again"
        )
    return content


def _folders(folder: Place) -> list[Place]:
    """Hidden ones are left out: an image that a crash left unfinished is one. None of another computer."""
    if not isinstance(folder, Path):
        return []
    with os.scandir(folder) as entries:
        shown = sorted((e for e in entries if e.name[0] != "."), key=lambda e: e.name)
        return [Path(entry.path) for entry in shown if entry.is_dir()]
