"""Writing a trained network for other programs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Generator
from pathlib import Path

from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.exporting.formats import FORMATS, ExportFormat
from napari_dacapo.experiments.exporting.graph import graph_bytes
from napari_dacapo.experiments.exporting.model_card import ModelCard
from napari_dacapo.experiments.exporting.module import Predictor, examples, plain_network
from napari_dacapo.experiments.exporting.package import Contents, package
from napari_dacapo.experiments.predicting.trained import Trained, load_trained
from napari_dacapo.experiments.results.parameters import best_parameters, chosen_parameters
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Notice
from napari_dacapo.files import atomic_write, replaced_folder

SAVES = Notice("Saves it …")


def export_model(
    folder: RunFolder,
    target: Path,
    form: ExportFormat = "bioimageio",
    criterion: str = "",
    iteration: int | None = None,
    card: ModelCard | None = None,
    replace: bool = False,
) -> Generator[Notice, None, Trained]:
    """Write the weights that are best by a criterion, or of an iteration, or the last, and return them.

    "bioimageio" makes a package, zipped where `target` ends with .zip. The others make one file: a function
    from normalised raw (b, c, (z,) y, x) to the prediction (b, channels, (z,) y, x). All is written after
    the last step: who closes it leaves everything as it was. Raises UserInputError where something else is
    at `target`, or what the format cannot hold, before anything is written.
    """
    if replaces(target, form) and not replace:
        raise UserInputError("to", str(target), "it is there already", "Choose a new name, or replace it")
    yield Notice("Reads the weights …")
    trained = load_trained(folder, criterion, iteration, "cpu")
    if form == "bioimageio":
        own = ModelCard.of_run(folder.path.name) if card is None else card
        parameters = chosen_parameters(folder) or best_parameters(folder, trained.iteration, criterion)
        contents = yield from package(trained, folder.root, own, parameters)
        yield SAVES
        _write_package(target, contents)
    else:
        module = Predictor(plain_network(trained), trained.run.task)
        graph = yield from graph_bytes(module, examples(trained), form)
        yield SAVES
        target.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(target, graph)
    return trained


def replaces(target: Path, form: ExportFormat) -> bool:
    """Whether something is there that may be replaced. Raises UserInputError where it must not be written."""
    suffix = FORMATS[form].suffix
    if form != "bioimageio" and target.suffix != suffix:
        fix = f"Call it {target.stem}{suffix}"
        raise UserInputError("to", str(target), f"files of {form} end with {suffix}", fix)
    if target.is_dir() and not _is_package(target):
        raise UserInputError("to", str(target), "a folder of something else is there", "Choose a new name")
    return target.exists()


def _is_package(folder: Path) -> bool:
    return (folder / "rdf.yaml").is_file()


def _write_package(target: Path, contents: Contents) -> None:
    if target.suffix == ".zip":
        target.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(target, _zipped(contents))
        return
    with replaced_folder(target, sum(map(len, contents.values()))) as folder:
        for name, data in contents.items():
            atomic_write(folder / name, data)


def _zipped(contents: Contents) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return buffer.getvalue()
