"""Whether what a Zarr array is encoded with can be decoded here."""

from collections.abc import Iterator, Mapping
from typing import Any

from numcodecs.registry import codec_registry, get_codec
from zarr.registry import get_codec_class

from napari_dacapo.errors import UserInputError

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
        except KeyError:
            return False
        return True
    if codec not in codec_registry:
        try:
            get_codec({"id": codec})  # looks into installed packages, too
        except ValueError:
            return False
        except TypeError:  # it wants more than its name
            return True
    return True
