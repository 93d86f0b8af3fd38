"""Small records, and what the tests of the store do with them."""

import json
import multiprocessing
from abc import abstractmethod
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from napari_dacapo.config import Config, Family
from napari_dacapo.store.store import Store

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["store_records", "store_faults", "napari_dacapo.store.workspace"])


class Shape(Family):
    """Something with an extent."""

    @abstractmethod
    def extent(self) -> int:
        """In voxels."""


class Ball(Shape):
    """Round."""

    radius: Annotated[int, Field(ge=0)] = 1
    "In voxels."

    def extent(self) -> int:
        return 2 * self.radius + 1


class Brick(Shape):
    """Not round."""

    sides: tuple[float, ...] = (1.0, 2.0)
    "In voxels."

    note: str = ""
    "What it is for."

    def extent(self) -> int:
        return int(max(self.sides))


class Trial(Config):
    """A run: it holds a copy of a shape."""

    shape: Shape = Ball()
    "What is tried."

    number: int = 1
    "How often."


FAMILIES: dict[str, type[Config]] = {"shape": Shape, "trial": Trial}


def filled(path: Path, **radii: int) -> Store:
    """A store of balls by name, saved one after the other."""
    store = Store(path)
    for name, radius in radii.items():
        store.save(Shape, name, Ball(radius=radius))
    return store


def state(path: Path) -> dict[str, Any]:
    """Every record by "family/name", with what it was made from."""
    return state_of(Store(path).export_json())


def state_of(exported: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{family}/{found['name']}": (found["record"], found.get("made_from", {}))
        for family, documents in exported["records"].items()
        for found in documents.values()
    }


def bulk(path: Path, count: int) -> Store:
    """A store of that many balls: "ball 0", "ball 1", ..."""
    store = Store(path)
    store.save(Shape, "pattern", Ball())
    data = store.export_json()
    pattern = next(iter(data["records"]["Shape"].values()))
    names = [f"ball {number}" for number in range(count - 1)]
    data["records"]["Shape"] = {str(key): {**pattern, "name": name} for key, name in enumerate(names)}
    store.import_json(data, families=FAMILIES)
    return store


def tree(folder: Path) -> dict[str, bytes]:
    """Every file by its path inside the folder, locks left out."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".lock", ".holder"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def rewrite(path: Path, change) -> None:
    """Change the parsed content of a file in place."""
    data = json.loads(path.read_bytes())
    change(data)
    path.write_bytes(json.dumps(data).encode())
