"""The records of a DaCapo project as they lie in its files. Nothing in them is run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from napari_dacapo.errors import UserInputError
from napari_dacapo.files import JsonError, parse_json

COLLECTIONS = ("datasplits", "architectures", "tasks", "trainers", "runs")
LARGEST = 4 << 20  # bytes of a file
MOST_VALUES = 100_000  # of a record
PATHS = ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Documents:
    """What was found, by collection and name, and which files could not be read."""

    folder: Path  # beside `configs`: that of the runs
    found: dict[str, dict[str, Values]]
    unreadable: dict[str, str]  # why, by file

    @classmethod
    def of(cls, folder: Path) -> Documents:
        """Those of a file store (configs/tasks/NAME.yaml), or of collections that mongoexport wrote.

        Raises UserInputError where there are none.
        """
        configs = next((each for each in (folder / "configs", folder) if _holds_collections(each)), folder)
        documents = cls(configs.parent if configs.name == "configs" else configs, {}, {})
        for collection in COLLECTIONS:
            documents.found[collection] = dict(documents._collection(configs, collection))
        if not documents.unreadable and not any(documents.found.values()):
            problem = "it holds no records of DaCapo, such as configs/runs or configs/tasks"
            fix = "Choose the folder that is runs_base_dir in its dacapo.yaml"
            raise UserInputError("folder", str(folder), problem, fix)
        return documents

    def _collection(self, configs: Path, collection: str) -> Iterator[tuple[str, Values]]:
        folder = configs / collection
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        for file in (*files, configs / f"{collection}.json"):
            if file.suffix not in (".yaml", ".yml", ".json") or not file.is_file():
                continue
            try:
                found = list(_documents(file))
            except (JsonError, OSError, yaml.YAMLError, ValueError, RecursionError) as error:
                self.unreadable[str(file.relative_to(configs))] = _first_line(error)
                continue
            yield from ((str(values.get("name", file.stem)), values) for values in found)


def _holds_collections(folder: Path) -> bool:
    return any((folder / each).is_dir() or (folder / f"{each}.json").is_file() for each in COLLECTIONS)


def _documents(file: Path) -> Iterator[Values]:
    with file.open("rb") as opened:
        data = opened.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST >> 20} MiB")
    for found in _json(data) if file.suffix == ".json" else [_yaml(data)]:
        if not isinstance(found, dict):
            raise ValueError("it holds no record")
        if _values(found, MOST_VALUES) > MOST_VALUES:
            raise ValueError(f"it holds more than {MOST_VALUES:,} values")
        yield {str(name): value for name, value in found.items() if name != "_id"}


def _json(data: bytes) -> list[Any]:
    """A document, a list of them, or one a line."""
    try:
        found = parse_json(data)
    except JsonError:
        return [parse_json(line) for line in data.splitlines() if line.strip()]
    return found if isinstance(found, list) else [found]


def _yaml(data: bytes) -> Any:
    loader = _Loader(data)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _values(found: Any, most: int) -> int:
    """How many there are, counted to `most`: what a file repeats by name may be huge when written out."""
    if not isinstance(found, dict | list):
        return 1
    count = 1
    for each in found.values() if isinstance(found, dict) else found:
        if count > most:
            break
        count += _values(each, most - count)
    return count


class _Loader(yaml.SafeLoader):
    """Plain values, and what DaCapo writes besides: tuples, and paths as their parts."""


def _sequence(loader: yaml.SafeLoader, node: yaml.Node) -> list[Any]:
    if not isinstance(node, yaml.SequenceNode):
        raise yaml.constructor.ConstructorError(None, None, "a tuple is a list", node.start_mark)
    return loader.construct_sequence(node, deep=True)


def _path(loader: yaml.SafeLoader, node: yaml.Node) -> str:
    return str(PurePosixPath(*map(str, _sequence(loader, node))))


_Loader.add_constructor("tag:yaml.org,2002:python/tuple", _sequence)
for _name in PATHS:
    _Loader.add_constructor(f"tag:yaml.org,2002:python/object/apply:pathlib.{_name}", _path)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__


def plain(value: Any) -> str:
    """A value as a report shows it, on one short line."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
