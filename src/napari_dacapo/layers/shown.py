"""A layer of the viewer as the engine takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.formats.axes import is_axes, letters_of
from napari_dacapo.arrays.formats.geometry import Given
from napari_dacapo.arrays.formats.present import present
from napari_dacapo.arrays.formats.stored import Geometry, Stored, pleasant_chunks
from napari_dacapo.arrays.formats.units import nanometers
from napari_dacapo.arrays.select_channels import SelectChannels
from napari_dacapo.datasplits.ids import object_ids
from napari_dacapo.errors import UserInputError

KINDS = ("image", "labels")
RED_GREEN_BLUE = SelectChannels(channels=(0, 1, 2))
ARRAY = "napari_dacapo_array"  # in a layer's metadata: which one of its file it shows
ROUNDING = 1e-6  # of a voxel's side, off which an axis may lie


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShownLayer:
    """What a layer of napari says about itself. `axes` are never guessed where several are possible."""

    title: str
    kind: str  # "image", "labels", "points", ...
    data: Any  # array-like, or a sequence of the levels of a pyramid, the finest first
    to_world: NDArray[np.float64]  # (n + 1, n + 1) from voxels to the world: scale, translate, rotate, affine
    units: tuple[str, ...]
    axis_labels: tuple[str, ...]
    rgb: bool = False  # whether a last axis, counted nowhere else, holds colours
    multiscale: bool = False
    path: str | None = None  # the file it was opened from; it may have been painted on since
    array: str = ""  # which one of the file, where that holds several

    @classmethod
    def of(cls, layer: Any) -> ShownLayer:
        """The description of a layer of napari."""
        return cls(
            title=layer.name,
            kind=type(layer).__name__.lower(),
            data=layer.data,
            to_world=_matrix(layer),
            units=tuple(map(str, layer.units)),
            axis_labels=tuple(layer.axis_labels),
            rgb=getattr(layer, "rgb", False),
            multiscale=getattr(layer, "multiscale", False),
            path=layer.source.path,
            array=layer.metadata.get(ARRAY, ""),
        )

    def image(self, axes: str | None = None, time: int | None = None) -> Array:
        """The finest level, nothing read yet.

        `axes`: a letter of t, c, z, y, x for each axis of the data, where the layer's own axis labels do
        not tell; c and z of length 1 are dropped. Colours are taken as channels only by such a choice, for
        example "yxc", their opacity never. `time`: which time point, where there are several. Raises
        UserInputError for what cannot be used.
        """
        self._refuse_kind()
        letters = self.letters(axes)
        self._refuse_affine()
        self._refuse_units(letters)
        if "t" in letters and time is None:
            points = self._finest.shape[letters.index("t")]
            fix = f"Choose one from 0 to {points - 1}"
            raise UserInputError("time", None, f"{self.title} has {points} time points", fix)
        try:
            array = present(self._stored(letters), None, Given(None, None, None), time or 0)
            return RED_GREEN_BLUE.apply(array) if self.rgb and array.channels == 4 else array
        except UserInputError as error:
            error.field = "layer" if error.field == "path" else error.field
            raise

    def labels(self, axes: str | None = None, time: int | None = None) -> Array:
        """The same as ids, unsigned; negative ones are refused when they are read."""
        array = self.image(axes, time)
        if array.channels is not None:
            problem = f"labels have one id a voxel; {self.title} has {array.channels} channels"
            raise UserInputError("labels", self.title, problem, "Choose a layer of labels")
        return object_ids(array, "nothing")

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the finest level, colours included."""
        return tuple(self._finest.shape)

    @property
    def is_in_memory(self) -> bool:
        return isinstance(self._finest, np.ndarray)

    @property
    def _finest(self) -> Any:
        return self.data[0] if self.multiscale else self.data

    def _refuse_kind(self) -> None:
        if self.kind not in KINDS:
            problem = f"it is a {self.kind} layer"
            raise UserInputError("layer", self.title, problem, "Choose an image or a labels layer")

    def letters(self, axes: str | None = None) -> str:
        """A letter for each axis of the data. Raises UserInputError where a person must choose."""
        shape = tuple(self._finest.shape)
        if axes is not None:
            if not is_axes(axes) or len(axes) != len(shape):
                problem = f"{self.title} has the shape {shape}"
                fix = "Give a letter of t, c, z, y, x for each of its axes, y and x among them"
                raise UserInputError("axes", axes, problem, fix)
            return axes
        if self.rgb:
            example = {3: "yxc", 4: "zyxc"}.get(len(shape), "tzyxc")
            problem = f"it is in colour, of shape {shape}"
            fix = f"Set axes, such as {example}, to take its colours as channels, or convert it to grey"
            raise UserInputError("layer", self.title, problem, fix)
        if len(shape) < 2:
            problem = f"it has {len(shape)} axes, of shape {shape}"
            raise UserInputError("layer", self.title, problem, "Choose a layer of an image or a volume")
        told = letters_of(self.axis_labels)
        if told is not None:
            return told
        if len(shape) > 3 or not all(label.lstrip("-").isdigit() for label in self.axis_labels):
            problem = f"nothing tells the axes of {self.title}, of shape {shape}: they are {self.axis_labels}"
            raise UserInputError("axes", None, problem, "Set a letter of t, c, z, y, x for each")
        return "zyx"[-len(shape) :]

    def _refuse_affine(self) -> None:
        """Raises UserInputError unless the voxels lie along the axes of the world."""
        linear = self.to_world[:-1, :-1]
        scale = tuple(np.diag(linear).tolist())
        if not np.isfinite(self.to_world).all():
            problem = "scale or translation is no finite number"
            raise UserInputError("layer", self.title, problem, "Set the layer's scale and translate")
        across = np.abs(linear - np.diag(np.diag(linear))).max(initial=0)
        if across > ROUNDING * np.abs(linear).max(initial=0):
            problem = "it is rotated or sheared"
            fix = "Reset its rotate, shear and affine, or save it resampled along the axes"
            raise UserInputError("layer", self.title, problem, fix)
        if min(scale) <= 0:
            problem = f"{self.title} would be mirrored"
            raise UserInputError("scale", scale, problem, "Flip the data and set a positive scale")

    def _refuse_units(self, letters: str) -> None:
        """Raises UserInputError unless all axes in space have a unit of length, or none has."""
        told = [unit for unit, letter in zip(self.units, letters, strict=False) if letter in "zyx"]
        try:
            known = {nanometers(unit) is not None for unit in told}
        except UserInputError as error:
            problem = f"{self.title} has {error.value}, which is no length known here"
            raise UserInputError("units", tuple(told), problem, "Set nm, um or pixel") from None
        if len(known) > 1:
            problem = f"{self.title} has a length along some axes only"
            raise UserInputError("units", tuple(told), problem, "Set the same unit along all axes")

    def _stored(self, letters: str) -> Stored:
        """Scale and centre of the first voxel are those of all axes but colours."""
        data = self._finest
        colours = len(data.shape) - len(self.to_world) + 1
        scale = np.diag(self.to_world)[:-1]
        begin = self.to_world[:-1, -1] - scale / 2
        geometry = Geometry(
            source="the layer",
            scale=(*scale.tolist(), *(1.0,) * colours),
            translation=(*begin.tolist(), *(0.0,) * colours),
            units=(*self.units, *(None,) * colours),
        )
        return Stored(
            name=self.title,
            shape=tuple(data.shape),
            dtype=np.dtype(data.dtype),
            chunks=_chunks(data),
            reader=lambda slices: np.asarray(data[slices]),
            axes=letters,
            geometries=(geometry,),
        )


def _matrix(layer: Any) -> NDArray[np.float64]:
    """What the layer does with its corner and with one step along each axis, whatever it is made of."""
    axes = np.eye(layer.ndim)
    corner = np.array(layer.data_to_world(np.zeros(layer.ndim)), np.float64)
    steps = [np.array(layer.data_to_world(axis), np.float64) - corner for axis in axes]
    matrix = np.eye(layer.ndim + 1)
    matrix[:-1, :-1] = np.stack(steps, axis=-1)
    matrix[:-1, -1] = corner
    return matrix


def _chunks(data: Any) -> tuple[int, ...]:
    """What is decoded together; dask lists all sizes along each axis."""
    chunks = getattr(data, "chunks", None)
    if not chunks:
        return pleasant_chunks(tuple(data.shape))
    return tuple(max(each) if isinstance(each, tuple) else int(each) for each in chunks)
