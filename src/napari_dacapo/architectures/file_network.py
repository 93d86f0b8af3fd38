"""Networks that come from a file, as records."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from napari_dacapo.architectures.stepped_network import SteppedNetwork


class FileNetwork(SteppedNetwork):
    """A network from a file, whose weights are where training starts."""

    path: Annotated[str, Field(min_length=1)]
    "The file; a relative path starts where the program was started."

    trusted: bool = False
    "Whether you trust who made it: opening it may run any code. TorchScript needs no trust."

    trainable: str = ""
    "A regular expression: only weights in whose names it is found are trained. Empty: all."

    @field_validator("trainable")
    @classmethod
    def _is_an_expression(cls, trainable: str) -> str:
        try:
            re.compile(trainable)
        except re.error as error:
            raise ValueError(f"it is no regular expression: {error}. Write such as decoder|head") from None
        return trainable

    @property
    def place(self) -> Path:
        """Where the file lies."""
        return Path(self.path).expanduser()

    def file_hash(self) -> str:
        """In a folder of its description, which has hashes of the other files."""
        files = sorted(self.place.glob("*.yaml")) if self.place.is_dir() else [self.place]
        return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
