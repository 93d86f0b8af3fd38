"""An array over pixels that are in memory already."""

from typing import Any

from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array, SpatialUnit
from napari_dacapo.arrays.box import World
from napari_dacapo.errors import UserInputError

AXES = ("yx", "cyx", "zyx", "czyx")
CHUNK = 64  # nothing needs decoding; a size that is pleasant to read


def from_numpy(
    data: NDArray[Any],
    axes: str,
    voxel_size: World,
    offset: World | None = None,
    unit: SpatialUnit = "voxel",
    name: str = "array",
) -> Array:
    """`data` as an Array, not copied; axes "yx", "cyx", "zyx" or "czyx". Without an offset it begins at 0."""
    if axes not in AXES or data.ndim != len(axes):
        problem = f"axes {axes!r} do not fit data of shape {data.shape}"
        raise UserInputError("axes", axes, problem, f"Choose one of {', '.join(AXES)}")
    dims = len(axes.removeprefix("c"))
    begin = (0.0,) * dims if offset is None else offset
    for field, value in (("voxel_size", voxel_size), ("offset", begin)):
        if len(value) != dims:
            raise UserInputError(
                field, value, f"it has {len(value)} numbers", f"Give {dims}, for {axes[-dims:]}"
            )
    return Array(
        name=name,
        axes=axes,
        shape=data.shape,
        dtype=data.dtype,
        voxel_size=tuple(map(float, voxel_size)),
        offset=tuple(map(float, begin)),
        unit=unit,
        chunks=tuple(max(1, min(n, CHUNK)) for n in data.shape),
        reader=data.__getitem__,
    )
