"""What a model of bioimage.io tells of itself."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.errors import UserInputError

INSTALL = "Install it: pip install 'napari-dacapo[bioimageio]'"
OWN = "napari_dacapo"  # under `config` of a package: what only we write and read
NO_PACKAGE = "Choose a .zip or folder with an rdf.yaml; for .pt and .pt2 see the architecture SavedNetwork"
ROUNDING = 1e-3
LETTERS = {"batch": "b", "channel": "c"}


@dataclass(frozen=True, slots=True)
class BioimageioFile:
    """A model with one image and one output; shapes are spatial, (z,) y, x, in voxels of the input."""

    input_axes: str  # as the network takes them, for example "bczyx"
    output_axes: str
    input_channels: int
    output_channels: tuple[str, ...]
    smallest: Voxels  # that it takes
    steps: Voxels  # by which its shapes differ; 0 where an axis has one size only
    lost: Voxels  # fewer come out than went in
    scale: Voxels  # voxels of the output for one of the input
    halo: Voxels  # at each side of the output that are not to be trusted
    description: Any  # as their library reads it

    @property
    def dims(self) -> int:
        return len(self.smallest)

    @property
    def own(self) -> Mapping[str, Any]:
        """What we wrote into it; empty where another program made it."""
        found = getattr(self.description.config, OWN, None)
        return found if isinstance(found, Mapping) else {}


def read_bioimageio(path: Path) -> BioimageioFile:
    """A package (.zip), its folder, or the rdf.yaml in it; of any version of the format. Nothing of it runs.

    Raises UserInputError where it cannot be read, or is no network from one image to one output.
    """
    if not path.exists():
        raise UserInputError("path", str(path), "no such file", "Choose a package of bioimage.io, its folder")
    described = path / "rdf.yaml" if path.is_dir() else path
    return _read(path, described.stat().st_mtime_ns if described.exists() else 0)


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int) -> BioimageioFile:
    model = _loaded(path)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        problem = f"it has {len(model.inputs)} inputs and {len(model.outputs)} outputs"
        raise UserInputError("path", str(path), problem, "Choose a model with one of each")
    (image,), (output,) = model.inputs, model.outputs
    before, after = _spatial(path, image.axes), _spatial(path, output.axes)
    if [axis.id for axis in before] != [axis.id for axis in after]:
        names = ", ".join(str(axis.id) for axis in after) or "none"
        raise UserInputError("path", str(path), f"its output has the axes {names}", "Choose one with all")
    sizes = [_sizes(axis, before) for axis in before]
    grids = [_grid(path, *pair) for pair in zip(before, after, strict=True)]
    return BioimageioFile(
        input_axes="".join(_letter(axis) for axis in image.axes),
        output_axes="".join(_letter(axis) for axis in output.axes),
        input_channels=len(_channels(image.axes)),
        output_channels=_channels(output.axes),
        smallest=tuple(size for size, _ in sizes),
        steps=tuple(step for _, step in sizes),
        lost=tuple(lost for lost, _ in grids),
        scale=tuple(factor for _, factor in grids),
        halo=tuple(int(getattr(axis, "halo", 0)) for axis in after),
        description=model,
    )


def _loaded(path: Path) -> Any:
    try:
        from bioimageio.spec import InvalidDescr, load_description
        from ruyaml.error import YAMLError
    except ImportError:
        problem = "what reads models of bioimage.io is not installed"
        raise UserInputError("path", str(path), problem, INSTALL) from None
    if path.is_file() and path.suffix not in (".yaml", ".yml") and not zipfile.is_zipfile(path):
        raise UserInputError("path", str(path), "it is no package of bioimage.io", NO_PACKAGE)
    try:
        found = load_description(path, format_version="latest", perform_io_checks=False)
    except (OSError, ValueError, YAMLError, zipfile.BadZipFile) as error:
        raise UserInputError("path", str(path), "it is no package of bioimage.io", NO_PACKAGE) from error
    if isinstance(found, InvalidDescr) or found.type != "model":
        first = next(_faults(found), "it is no model")
        problem = f"it is no valid model: {first[:100]}"
        raise UserInputError("path", str(path), problem, "Choose another file")
    return found


def _faults(description: Any) -> Iterator[str]:
    """What their library finds wrong, each with the field's name."""
    for part in description.validation_summary.details:
        yield from (f"{'.'.join(map(str, fault.loc))} {fault.msg}".strip() for fault in part.errors)


def _letter(axis: Any) -> str:
    return LETTERS.get(axis.type, str(axis.id)[:1])


def _channels(axes: Sequence[Any]) -> tuple[str, ...]:
    """The names of the channels; one without a name where there is no such axis."""
    names = next((axis.channel_names for axis in axes if axis.type == "channel"), ["channel0"])
    return tuple(map(str, names))


def _spatial(path: Path, axes: Sequence[Any]) -> list[Any]:
    """Those in space, (z,) y, x. Raises UserInputError where there are others, or not two or three."""
    strange = [str(axis.id) for axis in axes if axis.type not in ("batch", "channel", "space")]
    found = sorted(
        (axis for axis in axes if axis.type == "space"), key=lambda axis: str(axis.id), reverse=True
    )
    if strange or not 2 <= len(found) <= 3:
        problem = f"it has the axes {', '.join(str(axis.id) for axis in axes)}"
        raise UserInputError("path", str(path), problem, "Choose a model of images in 2D or 3D")
    return found


def _sizes(axis: Any, others: Sequence[Any]) -> tuple[int, int]:
    """The smallest size and by how much it may grow."""
    size = axis.size
    if isinstance(size, int):
        return size, 0
    if hasattr(size, "min"):
        return size.min, size.step
    smallest, step = _sizes(next(other for other in others if other.id == size.axis_id), others)
    return smallest + size.offset, step


def _grid(path: Path, before: Any, after: Any) -> tuple[int, int]:
    """How many voxels fewer come out along an axis, and how many of the output one of the input is."""
    if isinstance(after.size, int):
        factor, lost = 1.0, _sizes(before, [before])[0] - after.size
    else:
        factor = before.scale / after.scale
        lost = -after.size.offset
    times = max(1, round(factor))
    if lost < 0 or lost % times or abs(factor - times) > ROUNDING:
        problem = f"along {before.id} the grid of its output is not that of its input, or finer"
        raise UserInputError("path", str(path), problem, "Choose a network that keeps the grid of the image")
    return lost // times, times
