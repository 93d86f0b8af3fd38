"""The formats that a trained network can be written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GraphFormat = Literal["torchscript", "onnx", "torch-export"]
ExportFormat = Literal["bioimageio", "torchscript", "onnx", "torch-export"]


@dataclass(frozen=True, slots=True)
class Format:
    """What a person calls it, how its files end, and what it is for."""

    title: str
    suffix: str
    purpose: str


FORMATS: dict[ExportFormat, Format] = {
    "bioimageio": Format(
        "Package for bioimage.io",
        ".zip",
        "For colleagues, and for programs that take models of bioimage.io: it says what is done on images "
        "before and after, and has an example. It can be imported here again.",
    ),
    "torchscript": Format(
        "TorchScript",
        ".pt",
        "One file for PyTorch in Python or C++ (torch.jit.load). It takes raw that is normalised already.",
    ),
    "onnx": Format(
        "ONNX",
        ".onnx",
        "One file for programs without PyTorch, by onnxruntime. It takes raw that is normalised already.",
    ),
    "torch-export": Format(
        "torch.export",
        ".pt2",
        "One file for newer PyTorch (torch.export.load). It takes raw that is normalised already.",
    ),
}
