"""Folders on other computers, over http or in an object store; only ever read."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol

from napari_dacapo.errors import UnreachableError

if TYPE_CHECKING:
    import tensorstore

SCHEMES = ("http", "https", "s3", "gs")
METADATA = ("zarr.json", ".zarray", ".zgroup", ".zattrs", "attributes.json")  # says what a folder is
RETRIES = {"max_retries": 4, "initial_delay": "200ms", "max_delay": "2s"}  # of one request
ACCOUNT = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")
NO_ANSWER = (
    "UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "NOT_FOUND",
    "ABORTED",
)
WHOLE_ONLY = "was ignored by server"  # what tensorstore says where a part of a file cannot be had


class Place(Protocol):
    """A file or folder, here or elsewhere, with as much of a Path as finding an array takes."""

    @property
    def name(self) -> str: ...
    @property
    def parts(self) -> Sequence[str]: ...
    @property
    def parent(self) -> Place: ...
    @property
    def parents(self) -> Sequence[Place]: ...
    def __truediv__(self, inner: str, /) -> Place: ...
    def is_file(self) -> bool: ...
    def is_dir(self) -> bool: ...
    def open(self, mode: Literal["rb"], /) -> IO[bytes]: ...


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """A file or folder by its address, as https://host/data/cells.zarr."""

    url: str

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, inner: str, /) -> RemoteFolder:
        return RemoteFolder(f"{self.url.rstrip('/')}/{inner}".rstrip("/"))

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    @property
    def parts(self) -> Sequence[str]:
        """Server or bucket, then folders."""
        scheme, _, rest = self.url.rstrip("/").partition("://")
        server, *inner = rest.split("/")
        return (f"{scheme}://{server}", *inner)

    @property
    def parent(self) -> RemoteFolder:
        return RemoteFolder("/".join(self.parts[:-1] or self.parts))

    @property
    def parents(self) -> Sequence[RemoteFolder]:
        """The folders it lies in, nearest first, without the server itself."""
        return () if len(self.parts) < 3 else (self.parent, *self.parent.parents)

    def is_file(self) -> bool:
        return self.read() is not None

    def is_dir(self) -> bool:
        """Whether it says what it is: other folders cannot be told from nothing."""
        return any((self / name).is_file() for name in METADATA)

    def open(self, mode: Literal["rb"], /) -> IO[bytes]:
        data = self.read()
        if data is None:
            raise FileNotFoundError(2, "there is no such file", self.url)
        return io.BytesIO(data)

    def read(self, part: slice | None = None) -> bytes | None:
        """The bytes, or a part of them; None where there is no such file.

        Raises UnreachableError where nobody answers, or not with the file.
        """
        try:
            with answering(self.url):
                found = _opened(self.parent.url).read(self.name, byte_range=part).result()
        except ValueError as error:
            if part is None or WHOLE_ONLY not in str(error):
                raise
            whole = self.read()
            return None if whole is None else whole[part]
        return None if found.state == "missing" else bytes(found.value)


@contextmanager
def answering(address: str) -> Iterator[None]:
    """Raises UnreachableError where tensorstore says that nobody answers, or that nothing is given."""
    try:
        yield
    except ValueError as error:
        if str(error).startswith(NO_ANSWER):
            raise UnreachableError(address, _reason(error)) from error
        raise


def is_remote(path: str) -> bool:
    return "://" in path


def kvstore_of(folder: Place) -> dict[str, Any]:
    """How tensorstore names it. Buckets are read without an account where none is set up here."""
    import tensorstore

    if not isinstance(folder, RemoteFolder):
        return {"driver": "file", "path": f"{folder}/"}
    spec: dict[str, Any] = tensorstore.KvStore.Spec(f"{folder.url}/").to_json()
    if spec["driver"] == "s3":
        has_account = any(map(os.environ.get, ACCOUNT)) or Path("~/.aws/credentials").expanduser().exists()
        spec["aws_credentials"] = {"type": "default" if has_account else "anonymous"}
        if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
            spec |= {"endpoint": endpoint, "aws_region": os.environ.get("AWS_REGION", "us-east-1")}
    return spec


@lru_cache(maxsize=1)
def context() -> tensorstore.Context:
    """Gives up within seconds where nobody answers."""
    import tensorstore

    return tensorstore.Context({f"{kind}_request_retries": RETRIES for kind in ("http", "s3", "gcs")})


@lru_cache(maxsize=64)
def _opened(url: str) -> tensorstore.KvStore:
    import tensorstore

    return tensorstore.KvStore.open(kvstore_of(RemoteFolder(url)), context=context()).result()


def _reason(error: ValueError) -> str:
    """Of "UNAVAILABLE: CURL error: Could not connect [source locations='...']" the middle."""
    return str(error).partition(" [")[0].partition(": ")[2][:100] or "no answer"
