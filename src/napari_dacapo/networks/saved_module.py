"""A network of somebody else's, from a file."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from napari_dacapo.errors import UserInputError
from napari_dacapo.files import is_whole_zip

Format = Literal["TorchScript", "torch.export"]


class SavedModule(nn.Module):
    """A module as it was saved; only parameters whose names match are trained."""

    def __init__(self, module: nn.Module, trainable: str) -> None:
        super().__init__()
        self.module = module
        for name, parameter in module.named_parameters():
            parameter.requires_grad_(re.search(trainable, name) is not None)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.module(image)
        return output

    def train(self, mode: bool = True) -> SavedModule:
        """Exported programs stay as they were exported."""
        self.training = mode
        if isinstance(self.module, torch.jit.ScriptModule):
            self.module.train(mode)
        return self


def load_module(path: Path, trusted: bool) -> nn.Module:
    """The module in a file of TorchScript or torch.export, on the CPU.

    Raises UserInputError for other files, pickles and damaged ones among them, and for exported programs
    that nobody trusts: opening one may run any code.
    """
    if module_format(path) == "TorchScript":
        return script_in(path.read_bytes(), str(path))
    if not trusted:
        problem = "an exported program may run any code when it is opened"
        raise UserInputError("trusted", trusted, problem, "Say yes if you know who made it")
    _refuse_damaged(path.read_bytes(), str(path))
    return torch.export.load(path).module()


def script_in(data: bytes, name: str) -> nn.Module:
    """The module in the bytes of a TorchScript file, on the CPU. Raises UserInputError for damaged ones.

    torch itself takes weights with flipped bits for good.
    """
    _refuse_damaged(data, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of TorchScript; its files stay readable
        try:
            script: nn.Module = torch.jit.load(io.BytesIO(data), map_location="cpu")  # type: ignore[no-untyped-call]
        except (RuntimeError, LookupError, ValueError) as error:
            problem = f"it cannot be read ({' '.join(str(error).split())[:60]})"
            raise UserInputError("path", name, problem, "Save it anew by this version of PyTorch") from error
    return script


def _refuse_damaged(data: bytes, name: str) -> None:
    """Both kinds of file are zipped."""
    if not is_whole_zip(io.BytesIO(data)):
        raise UserInputError("path", name, "it is damaged", "Copy or download it again")


def module_format(path: Path) -> Format:
    """What is in the file. Raises UserInputError unless it is one of the two."""
    if not path.is_file():
        raise UserInputError("path", str(path), "no such file", "Choose a TorchScript or exported module")
    names = _names(path)
    if any("/code/" in name for name in names):
        return "TorchScript"
    if any(name.endswith("/archive_format") for name in names):
        return "torch.export"
    problem = "it is neither TorchScript nor an exported program; a pickle may run any code and is not opened"
    fix = "Save the module by torch.jit.script(module).save(...) or torch.export.save(...)"
    raise UserInputError("path", str(path), problem, fix)


def _names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return []
