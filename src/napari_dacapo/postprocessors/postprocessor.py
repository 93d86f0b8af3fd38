"""How a prediction becomes ids, and which parameters of that are tried."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.fields import FieldInfo

from napari_dacapo.config import Family
from napari_dacapo.errors import UserInputError, shown

Parameters = Mapping[str, float | int | str | bool]  # one point of a grid
Fractions = Annotated[tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(min_length=1, max_length=64)]
VoxelCounts = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True)
class Range:
    """What a parameter may be, as its field declares it."""

    lowest: float
    highest: float  # inf where nothing bounds it
    is_whole: bool
    meaning: str


class PostProcessor(Family):
    """From a prediction to ids. Each field that is a tuple lists values that validation tries."""

    @property
    def bytes_per_voxel(self) -> int:
        """Of memory beside the prediction while it is segmented, measured on 128^3 voxels full of objects.

        A kind that does not tell counts as the one of ours that needs most.
        """
        return 330

    @property
    @abstractmethod
    def gives(self) -> Literal["objects", "classes"]:
        """Whether ids name single objects or the class of each voxel."""

    def grid(self) -> tuple[Parameters, ...]:
        """Every combination of the listed values; one empty point where nothing is listed."""
        listed = self._listed()
        return tuple(dict(zip(listed, point, strict=True)) for point in product(*listed.values()))

    def ranges(self) -> dict[str, Range]:
        """What each parameter of the grid may be; those that are no numbers are left out."""
        fields = type(self).model_fields
        found = {name: _range(fields[name]) for name in self._listed()}
        return {name: each for name, each in found.items() if each is not None}

    def value(self, parameters: Parameters, name: str) -> float:
        """One of the parameters. Raises UserInputError where it is missing or no number."""
        found = parameters.get(name)
        if not isinstance(found, float | int):
            fix = f"Give a number for each of {', '.join(self._listed())}"
            raise UserInputError("parameters", dict(parameters), f"{name} is {shown(found)}", fix)
        return found

    def _listed(self) -> dict[str, tuple[Any, ...]]:
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in values.items() if isinstance(value, tuple)}


def finite(prediction: NDArray[np.float32], outside: float = 0.0) -> NDArray[np.float32]:
    """The prediction with `outside` where it is NaN or infinite: a broken network breaks no segmentation."""
    fine = np.isfinite(prediction)
    return prediction if fine.all() else np.where(fine, prediction, np.float32(outside))


def _range(field: FieldInfo) -> Range | None:
    """Of `tuple[Annotated[float, Field(ge=0, le=1)], ...]` from 0 to 1."""
    number, *declared = get_args(get_args(field.annotation)[0]) or get_args(field.annotation)[:1]
    if number not in (int, float):
        return None
    bounds = [bound for each in declared for bound in getattr(each, "metadata", (each,))]
    lowest = next((float(bound.ge) for bound in bounds if hasattr(bound, "ge")), -math.inf)
    highest = next((float(bound.le) for bound in bounds if hasattr(bound, "le")), math.inf)
    return Range(lowest, highest, number is int, field.description or "")
