"""An array in a file or folder, of any format."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.formats.remote_folder import SCHEMES, RemoteFolder, is_remote
from napari_dacapo.arrays.source import Source
from napari_dacapo.errors import UserInputError

if TYPE_CHECKING:
    from napari_dacapo.arrays.formats.stored import Stored

CONTAINERS = ("zarr_folder", "n5", "hdf5")  # hold arrays with names
PYRAMIDS = ("zarr_folder", "n5", "tiff")  # may have several resolution levels

Opener = Callable[[Path | RemoteFolder, str, int], "Stored"]  # path, array, level
Numbers = tuple[float, ...]


class File(Source):
    """Zarr, OME-Zarr, N5, HDF5, TIFF, PNG, JPEG, .npy, or a folder of numbered slices. Opened read-only."""

    path: Annotated[str, Field(min_length=1)]
    "File, folder or container, from the workspace on; or https://, s3://, gs:// for Zarr and N5 elsewhere."

    array: str = ""
    "The array's name in its container (Zarr, N5, HDF5); empty: the only one there is."

    level: Annotated[int, Field(ge=0)] = 0
    "Resolution level of an image that has several; 0 is the finest."

    axes: str | None = None
    "A letter of t, c, z, y, x per stored axis. Empty: as the file says; a c or z of length 1 is left out."

    voxel_size: (
        Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=2, max_length=3)] | None
    ) = None
    "Size of a voxel along (z,) y, x, in `unit`. Empty: as the file says, else 1."

    offset: Annotated[Numbers, Field(min_length=2, max_length=3)] | None = None
    "Where the first voxel begins, along (z,) y, x, in `unit`. Empty: as the file says, else 0."

    unit: Literal["nm", "um", "mm", "angstrom", "voxel"] | None = None
    "Unit of voxel size and offset. Empty: as the file says, else voxels."

    time: Annotated[int, Field(ge=0)] = 0
    "Which time point is taken, counted from 0, where there is a time axis."

    @field_validator("path", "array")
    @classmethod
    def _no_control_characters(cls, text: str) -> str:
        if not text.isprintable():
            raise ValueError("it holds a character that cannot be printed. Type it again")
        return text

    @field_validator("path")
    @classmethod
    def _known_scheme(cls, path: str) -> str:
        if path.startswith("dvid://"):
            raise ValueError("a DVID server cannot be read. Export the part you need as Zarr or N5")
        if is_remote(path) and not path.startswith(tuple(f"{scheme}://" for scheme in SCHEMES)):
            known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
            raise ValueError(f"an address begins with one of {known}. Copy it here first")
        return path.rstrip("/") if is_remote(path) else path

    @field_validator("array")
    @classmethod
    def _inside(cls, array: str) -> str:
        if ".." in array.replace("\\", "/").split("/"):
            raise ValueError('an array lies in its container. Leave ".." out, or change path')
        return array.strip("/")

    @field_validator("axes")
    @classmethod
    def _each_once(cls, axes: str | None) -> str | None:
        if axes is None:
            return None
        if not set("yx") <= set(axes) <= set("tczyx") or len(set(axes)) < len(axes):
            raise ValueError(
                "each axis is one letter of t, c, z, y, x, with y and x among them. Try zyx or czyx"
            )
        return axes

    def paths(self, root: Path = Path()) -> tuple[Path, ...]:
        return () if is_remote(self.path) else (root / self.path,)

    def absolute(self) -> "File":
        """The same file for whoever works in another folder; an address stays as it is."""
        return (
            self if is_remote(self.path) else self.replace(path=str(Path(self.path).expanduser().absolute()))
        )

    def open_plain(self, root: Path) -> Array:
        from napari_dacapo.arrays.formats.geometry import Given
        from napari_dacapo.arrays.formats.present import present

        try:
            place = self._place(root)
            stored = self._opener(place)(place, self.array, self.level)
        except OSError as error:
            problem = f"it cannot be opened: {error.strerror or error}"
            raise UserInputError(
                "path", self.path, problem, "Check that it is whole and that you may read it"
            ) from error
        name = "/".join(filter(None, (self.path, self.array)))
        given = Given(self.voxel_size, self.offset, self.unit)
        return present(replace(stored, name=name), self.axes, given, self.time)

    def _place(self, root: Path) -> Path | RemoteFolder:
        return RemoteFolder(self.path) if is_remote(self.path) else root / self.path

    def _opener(self, path: Path | RemoteFolder) -> Opener:
        """What opens the format of the file. Raises UserInputError where a field does not fit it."""
        from napari_dacapo.arrays.formats.sniff import format_of

        found = format_of(path)
        if self.array and found not in CONTAINERS:
            raise UserInputError(
                "array", self.array, f"{path.name} holds one array, without a name", "Leave it empty"
            )
        if self.level and found not in PYRAMIDS:
            raise UserInputError("level", self.level, f"{path.name} has one level only", "Set 0")
        opener: Opener = import_module(f"napari_dacapo.arrays.formats.{found}").open_stored
        return opener

    def missing_chunks(self, root: Path = Path()) -> int:
        """How many chunks of a Zarr have no file and read as zeros; 0 for other formats, and elsewhere.

        Writers may leave out chunks of zeros; a copy that broke off looks the same.
        """
        from napari_dacapo.arrays.formats import sniff, zarr_folder

        place = self._place(root)
        if is_remote(self.path) or sniff.format_of(place) != "zarr_folder":
            return 0
        return zarr_folder.missing_chunks(place, self.array, self.level)
