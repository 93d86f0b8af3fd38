"""Whether what a Zarr array is encoded with can be decoded here."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from numcodecs.registry import codec_registry, entries
from zarr.registry import get_codec_class

from napari_dacapo.errors import UserInputError

BLOSC_HEADER = 16  # bytes; the last four are the length of the whole

PACKAGES = {  # where codecs come from that numcodecs lacks; by how their names begin
    "imagecodecs": "imagecodecs",
    "zfpy": "numcodecs[zfpy]",
    "numcodecs.zfpy": "numcodecs[zfpy]",
    "pcodec": "numcodecs[pcodec]",
    "numcodecs.pcodec": "numcodecs[pcodec]",
    "jpeg2k": "imagecodecs",
    "virtual_tiff": "virtual-tiff",
}


def refuse_unknown_codecs(name: str, metadata: Mapping[str, Any]) -> None:
    """Raises UserInputError naming the codec and where it may be had. Pickles are refused: they run code."""
    for codec in _names(metadata):
        if "pickle" in codec:
            problem = f"it is encoded with {codec}, which can run code"
            raise UserInputError(
                "path", name, problem, "Convert it to numbers in plain Zarr where you trust it"
            )
        if not _is_known(codec, int(metadata.get("zarr_format", 2))):
            package = next((p for start, p in PACKAGES.items() if codec.startswith(start)), None)
            fix = f"Install the package {package}" if package else "Install the package that has it"
            problem = f"it is encoded with {codec!r}, which is unknown here"
            raise UserInputError("path", name, problem, f"{fix}, or convert the data to zstd")


def is_bare_blosc(metadata: Mapping[str, Any]) -> bool:
    """Whether the file of a chunk is what Blosc wrote, with nothing around it."""
    if metadata.get("zarr_format") != 3:
        return str((metadata.get("compressor") or {}).get("id")) == "blosc"
    last = (metadata.get("codecs") or [None])[-1]
    return isinstance(last, dict) and last.get("name") == "blosc"


def refuse_empty(files: Iterable[Path]) -> None:
    """Raises ValueError where one of them holds nothing: an empty shard would be read as zeros."""
    for file in files:
        with suppress(FileNotFoundError):
            if not file.stat().st_size:
                raise ValueError("its file is empty")


def refuse_short_blosc(file: Path) -> None:
    """Raises ValueError where the end of a chunk is missing: Blosc would read beyond it, and crash Python."""
    with suppress(FileNotFoundError), file.open("rb") as chunk:
        refuse_short(chunk.read(BLOSC_HEADER), os.fstat(chunk.fileno()).st_size)


def refuse_short(chunk: bytes, size: int | None = None) -> None:
    """The same of its bytes, or of its header and how many bytes there are."""
    there = len(chunk) if size is None else size
    if len(chunk) < BLOSC_HEADER or int.from_bytes(chunk[12:16], "little") > there:
        raise ValueError("its end is missing, or its header is damaged")


def _names(metadata: Mapping[str, Any]) -> Iterator[str]:
    if metadata.get("zarr_format") == 3:
        yield from _names_in(metadata.get("codecs"))
        return
    filters = metadata.get("filters")
    for codec in (metadata.get("compressor"), *(filters if isinstance(filters, list) else ())):
        if isinstance(codec, dict):
            yield str(codec.get("id"))


def _names_in(codecs: Any) -> Iterator[str]:
    """Also those within a shard."""
    for codec in codecs if isinstance(codecs, list) else ():
        fields = codec if isinstance(codec, dict) else {"name": codec}
        yield str(fields.get("name"))
        inner = fields.get("configuration")
        if isinstance(inner, dict):
            yield from _names_in(inner.get("codecs"))
            yield from _names_in(inner.get("index_codecs"))


def _is_known(codec: str, zarr_format: int) -> bool:
    if zarr_format == 3:
        try:
            get_codec_class(codec)
        except (KeyError, ValueError):
            return False
        return True
    return codec in codec_registry or codec in entries  # the latter from other packages
