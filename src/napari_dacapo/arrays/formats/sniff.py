"""Which format a file or folder has, by what is in it."""

import gzip
import zlib
from pathlib import Path
from typing import Literal

from napari_dacapo.arrays.formats.remote_folder import RemoteFolder
from napari_dacapo.arrays.formats.slices import slices_in
from napari_dacapo.arrays.formats.stored import tail
from napari_dacapo.errors import UserInputError

Format = Literal["zarr_folder", "n5", "hdf5", "tiff", "slices", "picture", "numpy_file"]

MAGIC: dict[bytes, Format] = {
    b"\x89HDF\r\n\x1a\n": "hdf5",
    **dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "tiff"),
    **dict.fromkeys((b"\x89PNG\r\n", b"\xff\xd8\xff"), "picture"),
    b"\x93NUMPY": "numpy_file",
}
HDF5_STARTS = (512, 1024, 2048)  # it may begin behind a block of the user's own
ZARR_FILES = ("zarr.json", ".zarray", ".zgroup", ".zattrs")
FOREIGN = {  # by suffix, what it looks like
    **dict.fromkeys((".czi", ".nd2", ".lif", ".oib", ".oif", ".vsi", ".lsm"), "a microscope's own format"),
    **dict.fromkeys((".mrc", ".rec", ".map", ".st"), "MRC"),
    **dict.fromkeys((".nii", ".nrrd", ".mha", ".mhd"), "a medical format"),
    **dict.fromkeys((".raw", ".bin", ".dat"), "bare bytes"),
    **dict.fromkeys((".bmp", ".gif", ".webp", ".jp2"), "an image of another format"),
}
SUPPORTED = "Zarr, N5, HDF5, TIFF, PNG, JPEG, .npy or a folder of numbered slices"


def format_of(path: Path | RemoteFolder) -> Format:
    """Raises UserInputError saying what it looks like and how to convert it."""
    if isinstance(path, RemoteFolder):
        return _of_remote(path)
    if not path.exists():
        raise _absent(path)
    return _of_folder(path) if path.is_dir() else _of_file(path)


def _of_remote(folder: RemoteFolder) -> Format:
    """What is elsewhere is read chunk by chunk, so it must be in chunks that are files."""
    if folder.suffix == ".n5" or (folder / "attributes.json").is_file():
        return "n5"
    if folder.suffix == ".zarr" or folder.is_dir():
        return "zarr_folder"
    if folder.is_file():
        fix = "Copy the file to this computer, or convert it to OME-Zarr"
        raise UserInputError("path", folder.url, "of another computer only Zarr and N5 can be read", fix)
    fix = "Give the address of the array or image itself: folders there cannot be listed"
    raise UserInputError("path", folder.url, "no Zarr and no N5 is at this address", fix)


def _of_folder(path: Path) -> Format:
    inside = {entry.name for entry in path.iterdir()}
    if inside & set(ZARR_FILES) or path.suffix == ".zarr":
        return "zarr_folder"
    if "attributes.json" in inside or path.suffix == ".n5":
        return "n5"
    if slices_in(path):
        return "slices"
    within = sorted(
        name for name in inside if name.endswith((".zarr", ".n5", ".h5", ".hdf5", ".tif", ".tiff", ".npy"))
    )
    fix = f"Give one of those in it: {', '.join(within[:6])}" if within else f"Choose {SUPPORTED}"
    raise UserInputError("path", tail(path), "this folder is no array", fix)


def _of_file(path: Path) -> Format:
    with path.open("rb") as file:
        start = file.read(16)
        later = [start]
        for place in HDF5_STARTS:
            file.seek(place)
            later.append(file.read(8))
    for magic, name in MAGIC.items():
        if start.startswith(magic) or (name == "hdf5" and magic in later):
            return name
    raise _foreign(path, start)


def _absent(path: Path) -> UserInputError:
    """A path into a file means an array in it; else the nearest folder that is there helps."""
    there = next(parent for parent in path.parents if parent.exists())
    inner = path.relative_to(there).as_posix()
    if there.is_file() or there.suffix in (".zarr", ".n5"):
        return UserInputError(
            "path",
            tail(path),
            f"{inner} is not in {there.name}",
            f"Set path to {there.name} and choose array",
        )
    names = sorted(entry.name for entry in there.iterdir() if entry.name[0] != ".")[:6]
    listed = f"In {there.name or there} are: {', '.join(names)}" if names else f"{there} is empty"
    return UserInputError("path", tail(path), "there is no such file or folder", listed)


def _foreign(path: Path, start: bytes) -> UserInputError:
    if not start:
        return UserInputError("path", tail(path), "the file is empty", "Copy it again")
    if start.startswith(b"\x1f\x8b"):
        what = (
            "HDF5 compressed by gzip" if _zipped_start(path).startswith(b"\x89HDF") else "compressed by gzip"
        )
        return UserInputError("path", tail(path), f"it is {what}", f"Unpack it first: gunzip -k {path.name}")
    if start.startswith(b"PK") and path.suffix == ".npz":
        fix = "Save one array of it with numpy.save as .npy"
        return UserInputError("path", tail(path), "an .npz cannot be read in parts", fix)
    if start.startswith(b"PK"):
        return UserInputError(
            "path", tail(path), "it is a zip archive", "Unpack it first and choose the folder"
        )
    what = FOREIGN.get(path.suffix.lower(), "none of the formats known")
    fix = "Convert it to OME-Zarr (bioformats2raw) or TIFF (Fiji: File > Save As > Tiff)"
    return UserInputError("path", tail(path), f"it looks like {what}", fix)


def _zipped_start(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(8)
    except (OSError, EOFError, zlib.error):
        return b""
