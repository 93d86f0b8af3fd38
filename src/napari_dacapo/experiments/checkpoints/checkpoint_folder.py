"""One checkpoint on the disk: two files of tensors, and the manifest that makes them a checkpoint.

000001000/
    weights-<sha256>.safetensors
    training-<sha256>.safetensors    optimiser, random state, scaler
    checkpoint.json                  written last, deleted first
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from napari_dacapo.config import Config
from napari_dacapo.errors import CheckpointError, DiskFullError, UserInputError
from napari_dacapo.files import DISK_IS_FULL, TEMPORARY, atomic_write, make_folder

FORMAT = 1
MANIFEST = "checkpoint.json"
LARGEST_MANIFEST = 64 << 20  # bytes
# what a save may leave behind when it is killed
OURS = re.compile(
    rf"(weights|training)-[0-9a-f]{{64}}\.safetensors|checkpoint\.json|{re.escape(TEMPORARY)}.*"
)


class DamagedCheckpointError(CheckpointError):
    """A checkpoint whose files are not those that were written; an older one may be whole."""


class Member(Config):
    """A file of tensors of a checkpoint. Its name holds its hash: a new one never overwrites an old one."""

    length: Annotated[int, Field(ge=0)]
    "How many bytes it has."

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    "The hash of its content."

    @classmethod
    def of(cls, content: bytes) -> Member:
        return cls(length=len(content), sha256=hashlib.sha256(content).hexdigest())


class Manifest(Config):
    """What a checkpoint consists of."""

    format: int = FORMAT
    "The version of this layout."

    identity: str
    "A hash of the records the weights belong to."

    iteration: Annotated[int, Field(ge=0)]
    "How many training steps were done."

    number: Annotated[int, Field(ge=1)]
    "How many checkpoints were saved up to this one."

    reasons: tuple[str, ...]
    "Why it was saved."

    weights: Member
    "The network's weights."

    training: Member
    "The tensors of the training's state."

    state: dict[str, Any]
    "The training's state as a tree that names those tensors."

    @property
    def members(self) -> dict[str, Member]:
        return {"weights": self.weights, "training": self.training}


@dataclass(frozen=True, slots=True)
class CheckpointFolder:
    """The folder of one checkpoint; it holds one when its manifest is there."""

    path: Path

    @property
    def iteration(self) -> int:
        return int(self.path.name)

    def exists(self) -> bool:
        return (self.path / MANIFEST).exists()

    def write(self, manifest: Manifest, contents: Mapping[str, bytes]) -> None:
        """Members first, the manifest last: at any moment the folder holds the old checkpoint or the new."""
        document = sealed(manifest.to_json())
        needed = len(document) + sum(len(content) for content in contents.values())
        try:
            make_folder(self.path)
            _require_space(self.path, 2 * needed)
            for role, content in contents.items():
                atomic_write(self._file(role, manifest.members[role]), content)
            atomic_write(self.path / MANIFEST, document)
        except OSError as error:
            raise _write_error(self.path, needed, error) from error
        finally:
            self.sweep()

    def manifest(self) -> Manifest:
        """Raises DamagedCheckpointError, or CheckpointError where a newer version wrote it."""
        document = unsealed(self._read(self.path / MANIFEST, LARGEST_MANIFEST))
        written = document.get("format")
        if isinstance(written, int) and written > FORMAT:
            raise CheckpointError(
                f"{self.path} was written by a newer version (format {written}, this one reads {FORMAT}). "
                "Update napari-dacapo, or start a new run from its weights-*.safetensors file."
            )
        try:
            return Manifest.from_json(document)
        except UserInputError as error:
            raise DamagedCheckpointError(f"{self.path / MANIFEST} is damaged: {error}") from error

    def content(self, role: str, manifest: Manifest, at_most: int | None = None) -> bytes:
        """The bytes of a member, checked. Raises CheckpointError where it has more than `at_most`."""
        member = manifest.members[role]
        path = self._file(role, member)
        if at_most is not None and member.length > at_most:
            raise CheckpointError(
                f"{path} has {member.length:,} bytes, this network's may have {at_most:,}. "
                "It belongs to another network; choose one of its own."
            )
        content = self._read(path, member.length)
        if hashlib.sha256(content).hexdigest() != member.sha256:
            raise DamagedCheckpointError(f"{path} is damaged: its content is not what was written.")
        return content

    def is_complete(self) -> bool:
        """Whether every file is there in its size; their content is not read."""
        try:
            members = self.manifest().members
        except CheckpointError:
            return False
        return all(_size(self._file(role, member)) == member.length for role, member in members.items())

    def is_whole(self) -> bool:
        """Whether every byte is what was written."""
        try:
            manifest = self.manifest()
            for role in manifest.members:
                self.content(role, manifest)
        except CheckpointError:
            return False
        return True

    def sweep(self) -> None:
        """Delete what belongs to no checkpoint: the rest of a save that failed or was killed."""
        keep = {MANIFEST}
        if self.exists():
            try:
                members = self.manifest().members
            except CheckpointError:
                return
            keep |= {self._file(role, member).name for role, member in members.items()}
        self._delete(keep)

    def remove(self) -> None:
        """Delete the checkpoint, its manifest first: what is left by a crash is none."""
        with suppress(OSError):
            (self.path / MANIFEST).unlink()
        if not self.exists():
            self._delete(set())

    def _delete(self, keep: set[str]) -> None:
        """Delete our files but those; files of others, and the folder with them, stay."""
        with suppress(OSError):
            for file in list(self.path.iterdir()):
                if file.name not in keep and OURS.fullmatch(file.name):
                    with suppress(OSError):
                        file.unlink()
            if not self.exists():
                self.path.rmdir()

    def _file(self, role: str, member: Member) -> Path:
        return self.path / f"{role}-{member.sha256}.safetensors"

    def _read(self, path: Path, at_most: int) -> bytes:
        size = _size(path)
        if size is None:
            raise DamagedCheckpointError(f"{path} is missing.")
        if size > at_most:
            raise DamagedCheckpointError(f"{path} is damaged: it has {size:,} bytes, not {at_most:,}.")
        try:
            return path.read_bytes()
        except OSError as error:
            raise DamagedCheckpointError(f"{path} cannot be read: {error.strerror}.") from error


def sealed(document: dict[str, Any]) -> bytes:
    """The document as JSON together with its hash."""
    text = json.dumps(document, allow_nan=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f'{{"sha256": "{digest}", "document": {text}}}'.encode()


def unsealed(data: bytes) -> dict[str, Any]:
    """The document; any byte that was changed raises DamagedCheckpointError."""
    try:
        document = json.loads(data)["document"]
        if isinstance(document, dict) and sealed(document) == data:
            return document
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise DamagedCheckpointError("The checkpoint's manifest is damaged: its content is not what was written.")


def _size(path: Path) -> int | None:
    """The bytes of a plain file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _require_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFullError(folder, needed, free)


def _write_error(path: Path, needed: int, error: OSError) -> CheckpointError | DiskFullError:
    free = shutil.disk_usage(path if path.exists() else path.parent).free
    if error.errno in DISK_IS_FULL:
        return DiskFullError(path, needed, free)
    return CheckpointError(
        f"{path} could not be written ({error.strerror}); it needs {needed:,} bytes, {free:,} are free. "
        "Check the disk; the checkpoints before it are unchanged."
    )
