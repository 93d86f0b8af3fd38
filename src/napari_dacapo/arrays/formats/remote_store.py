"""What zarr reads a folder on another computer through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from napari_dacapo.arrays.formats.codecs import refuse_short
from napari_dacapo.arrays.formats.remote_folder import METADATA, RemoteFolder


class RemoteStore(Store):
    """Files are read, never written, listed or deleted. Raises UnreachableError where nobody answers."""

    supports_writes = supports_deletes = supports_listing = False

    def __init__(self, folder: RemoteFolder, is_blosc: bool) -> None:
        super().__init__(read_only=True)
        self._folder = folder
        self._is_blosc = is_blosc

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteStore) and other._folder == self._folder

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        data = await asyncio.to_thread((self._folder / key).read, _part(byte_range))
        if data is None:
            return None
        if self._is_blosc and not key.endswith(METADATA):
            refuse_short(data)
        return prototype.buffer.from_bytes(data)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        return list(await asyncio.gather(*(self.get(key, prototype, part) for key, part in key_ranges)))

    async def exists(self, key: str) -> bool:
        return await asyncio.to_thread((self._folder / key).is_file)

    async def set(self, key: str, value: Buffer) -> None:
        raise NotImplementedError

    async def delete(self, key: str) -> None:
        raise NotImplementedError

    def list(self) -> AsyncIterator[str]:
        raise NotImplementedError

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        raise NotImplementedError

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        raise NotImplementedError


def _part(wanted: ByteRequest | None) -> slice | None:
    if isinstance(wanted, RangeByteRequest):
        return slice(wanted.start, wanted.end)
    if isinstance(wanted, OffsetByteRequest):
        return slice(wanted.offset, None)
    return slice(-wanted.suffix, None) if isinstance(wanted, SuffixByteRequest) else None
