"""A module as a file that other programs open."""

from __future__ import annotations

import io
import logging
import warnings
import zipfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.exporting.formats import GraphFormat
from napari_dacapo.experiments.steps import Notice

TOLERANCE = 1e-5  # how far a file's prediction may be off, where one is near 1


def graph_bytes(
    module: nn.Module, examples: Sequence[torch.Tensor], form: GraphFormat
) -> Generator[Notice, None, bytes]:
    """Returns the file's content, of a module that is followed through the first example.

    It was read again and gives what the module gives for each example, whatever their shapes. Raises
    UserInputError where it does not, where a format cannot hold the module, or where what writes it is not
    installed.
    """
    write, read = GRAPHS[form]
    yield Notice("Writes the network …")
    with _told(form):
        data = write(module, examples[0])
    for number, each in enumerate(examples, start=1):
        yield Notice(f"Reads it again and compares what it predicts, {number} of {len(examples)} …")
        with _told(form):
            off = _off(module(each).numpy(), read(data, each))
        if not off <= TOLERANCE:
            raise UserInputError("format", form, f"what was written predicts {off:.2g} off", _others(form))
    return data


@contextmanager
def _told(form: GraphFormat) -> Iterator[None]:
    """What torch refuses, as a UserInputError."""
    with torch.inference_mode(False), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, on the age of its exporters
        try:
            yield
        except (RuntimeError, AssertionError) as error:
            problem = f"this network cannot be written so: {str(error).strip().splitlines()[0][:100]}"
            raise UserInputError("format", form, problem, _others(form)) from error


def _off(wanted: NDArray[Any], found: NDArray[Any]) -> float:
    """The largest difference, where values are large in their parts."""
    return float(np.abs(found - wanted).max() / max(1.0, float(np.abs(wanted).max())))


def _others(form: GraphFormat) -> str:
    return f"Choose another format: {', '.join(each for each in GRAPHS if each != form)}"


def _write_torchscript(module: nn.Module, example: torch.Tensor) -> bytes:
    buffer = io.BytesIO()
    traced = torch.jit.trace(module, example, check_trace=False)  # type: ignore[no-untyped-call]
    torch.jit.save(traced, buffer)
    return _without_source_places(buffer)


def _without_source_places(script: io.BytesIO) -> bytes:
    """A script tells in which files of this machine each of its lines stood; that is nobody's business."""
    kept = io.BytesIO()
    with zipfile.ZipFile(script) as full, zipfile.ZipFile(kept, "w", zipfile.ZIP_STORED) as bare:
        for name in full.namelist():
            if not name.endswith(".debug_pkl"):
                bare.writestr(zipfile.ZipInfo(name), full.read(name))
    return kept.getvalue()


def _read_torchscript(data: bytes, image: torch.Tensor) -> Any:
    return torch.jit.load(io.BytesIO(data))(image).numpy()  # type: ignore[no-untyped-call]


def _write_program(module: nn.Module, example: torch.Tensor) -> bytes:
    buffer = io.BytesIO()
    torch.export.save(torch.export.export(module, (example,), dynamic_shapes=(_free(example),)), buffer)
    return buffer.getvalue()


def _read_program(data: bytes, image: torch.Tensor) -> Any:
    return torch.export.load(io.BytesIO(data)).module()(image).numpy()


def _write_onnx(module: nn.Module, example: torch.Tensor) -> bytes:
    _refuse_missing_onnx()
    with _no_word_of_torchvision():
        program: Any = torch.onnx.export(
            module,
            (example,),
            input_names=["raw"],
            output_names=["prediction"],
            dynamic_shapes=(_free(example),),
            dynamo=True,
            verbose=False,
        )
    data: bytes = program.model_proto.SerializeToString()
    return data


@contextmanager
def _no_word_of_torchvision() -> Iterator[None]:
    """Of its operators torch warns that they are not installed; no network here has any."""
    log = logging.getLogger("torch.onnx._internal.exporter._registration")
    log.addFilter(_is_other_word)
    try:
        yield
    finally:
        log.removeFilter(_is_other_word)


def _is_other_word(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith("torchvision is not installed")


def _read_onnx(data: bytes, image: torch.Tensor) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(data).run(None, {"raw": image.numpy()})[0]


def _refuse_missing_onnx() -> None:
    if any(find_spec(name) is None for name in ("onnx", "onnxruntime", "onnxscript")):
        fix = "Install it: pip install 'napari-dacapo[onnx]'"
        raise UserInputError("format", "onnx", "what writes ONNX is not installed", fix)


def _free(example: torch.Tensor) -> dict[int, Any]:
    """Batch and space may have other sizes."""
    return {axis: torch.export.Dim.AUTO for axis in range(example.dim()) if axis != 1}


Write = Callable[[nn.Module, torch.Tensor], bytes]
Read = Callable[[bytes, torch.Tensor], Any]
GRAPHS: dict[GraphFormat, tuple[Write, Read]] = {
    "torchscript": (_write_torchscript, _read_torchscript),
    "onnx": (_write_onnx, _read_onnx),
    "torch-export": (_write_program, _read_program),
}
