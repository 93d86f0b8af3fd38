"""A person's own function as the way from a prediction to objects."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.box import World
from napari_dacapo.errors import UserInputError, shown
from napari_dacapo.postprocessors.stitching import Stitching
from napari_dacapo.tasks.task import Parameters

# what code of others raises when it is wrong
WRONG = (
    *(ArithmeticError, AssertionError, AttributeError, BufferError, EOFError, ImportError, LookupError),
    *(NameError, OSError, RuntimeError, StopIteration, SyntaxError, TypeError, ValueError, Warning),
)
EXAMPLE = "Give module:function or file.py:function, like my_method.py:segment"


@dataclass(frozen=True, slots=True)
class OwnSegmenter:
    """`function(prediction, voxel_size, **parameters)` of a module or a file, called for one block at a time.

    `prediction` is (c, (z,) y, x) float32 of the block and what lies around it, `voxel_size` along (z,) y, x.
    It gives whole numbers ((z,) y, x), 0 for background, anything else an object of this block: what two
    blocks both find in the same voxels, for the larger part, becomes one object of the volume.
    """

    address: str
    voxel_size: World
    parameters: Mapping[str, Any]

    @property
    def source(self) -> int:
        """A checksum of its code: blocks by other code are not gone on with."""
        return zlib.crc32(inspect.getsource(_module(*self._parts)).encode())

    def refuse_missing(self) -> None:
        """Raises UserInputError where there is no such function, or it does not take the parameters.

        A file that was edited since is read anew.
        """
        _module.cache_clear()
        function = _function(self.address, *self._parts)
        try:
            inspect.signature(function).bind(None, self.voxel_size, **self.parameters)
        except TypeError as error:
            fix = "It is called with prediction, voxel_size and what --set gives"
            raise UserInputError("segmenter", self.address, str(error), fix) from error

    def stitching(self) -> Stitching:
        return Stitching(objects=self.segment, height=_flat, least_overlap=0.5, fills_holes=False)

    def segment(self, prediction: NDArray[np.float32], parameters: Parameters) -> NDArray[np.uint64]:
        """Raises UserInputError naming the function where it fails, or gives something else than ids."""
        function = _function(self.address, *self._parts)
        try:
            found = np.asarray(function(prediction, self.voxel_size, **self.parameters))
        except WRONG as error:
            problem = f"it raised {type(error).__name__}: {str(error)[:100]}"
            raise UserInputError("segmenter", self._short, problem, "Mend the function") from error
        return self._ids(found, prediction.shape[1:])

    def _ids(self, found: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.uint64]:
        """As 1..n."""
        if found.shape != shape or found.dtype.kind not in "bui":
            problem = f"it gave {found.dtype} of shape {found.shape}"
            fix = f"Let it give whole numbers of shape {shape}"
            raise UserInputError("segmenter", self._short, problem, fix)
        ids, numbers = np.unique(
            np.concatenate([np.zeros(1, found.dtype), found.ravel()]), return_inverse=True
        )
        zero = int(np.searchsorted(ids, 0))  # smaller ones are objects, too
        order = np.arange(len(ids)) + (np.arange(len(ids)) < zero)
        order[zero] = 0
        objects: NDArray[np.uint64] = order[numbers[1:]].reshape(shape).astype(np.uint64)
        return objects

    @property
    def _short(self) -> str:
        """The address without the folders of a file."""
        module, function = self._parts
        return f"{Path(module).name}:{function}"

    @property
    def _parts(self) -> tuple[str, str]:
        module, colon, function = self.address.rpartition(":")
        if not colon or not module or not function.isidentifier():
            raise UserInputError("segmenter", self.address, "it names no function", EXAMPLE)
        return module, function


def _flat(prediction: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.zeros(prediction.shape[1:], np.float32)


def _function(address: str, module: str, name: str) -> Callable[..., Any]:
    found = getattr(_module(module, name), name, None)
    if not callable(found):
        raise UserInputError("segmenter", address, f"{module} has no function {name}", EXAMPLE)
    return found  # type: ignore[no-any-return]


@lru_cache(maxsize=4)
def _module(module: str, _name: str) -> ModuleType:
    """Imported, from its file where it is named by that; its own code runs."""
    try:
        if not module.endswith(".py"):
            return importlib.import_module(module)
        path = Path(module).expanduser().resolve()
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None or not path.is_file():
            raise UserInputError("segmenter", module, "there is no such file", EXAMPLE)
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
    except WRONG as error:
        problem = f"it cannot be imported ({type(error).__name__}: {str(error)[:80]})"
        raise UserInputError("segmenter", shown(module).strip("'"), problem, EXAMPLE) from error
    return loaded
