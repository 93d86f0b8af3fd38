"""`export-model`: a trained network for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from napari_dacapo.cli.families import run_folder
from napari_dacapo.cli.train import criterion_option, iteration_option
from napari_dacapo.experiments.steps import result_of
from napari_dacapo.store.workspace import Workspace

if TYPE_CHECKING:
    from napari_dacapo.experiments.exporting.formats import ExportFormat


@click.command("export-model")
@click.argument("name")
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    help="The folder or .zip of a package; the file of the other formats.",
)
@click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(["bioimageio", "torchscript", "onnx", "torch-export"]),
    default="bioimageio",
    show_default=True,
    help="A package for bioimage.io, or the network alone.",
)
@criterion_option
@iteration_option
@click.option("--title", default="", help="What the model is called; by default as the run.")
@click.option("--description", default="", help="One sentence on what it does, and on which images.")
@click.option("--author", "authors", multiple=True, help="Who made it. Repeatable.")
@click.option("--license", default="", metavar="SPDX", help="What may be done with it; by default CC-BY-4.0.")
@click.option("--cite", nargs=2, default=None, metavar="TEXT DOI", help="What to cite; by default the U-Net.")
@click.option(
    "--documentation",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file of Markdown that begins the model's page.",
)
@click.option("--replace", is_flag=True, help="Replace a package or file that is there.")
@click.pass_obj
def export_model(
    workspace: Workspace,
    name: str,
    target: Path,
    form: ExportFormat,
    criterion: str,
    iteration: int | None,
    title: str,
    description: str,
    authors: tuple[str, ...],
    license: str,
    cite: tuple[str, str] | None,
    documentation: Path | None,
    replace: bool,
) -> None:
    """Write a trained network for other programs.

    \b
    napari-dacapo export-model first --to first.zip --author "Ada Lovelace"
    napari-dacapo export-model first --to first.onnx --format onnx

    A package for bioimage.io holds the weights as TorchScript, what is done on images before and after, and
    an image with the prediction that it is to give; `bioimageio test` checks it. The other formats are one
    file that makes the prediction of raw that is normalised already.
    """
    from napari_dacapo.experiments.exporting.export import export_model as write
    from napari_dacapo.experiments.exporting.model_card import ModelCard

    text = documentation.read_text(encoding="utf-8") if documentation else ""
    given = {
        "title": title,
        "description": description,
        "authors": authors,
        "license": license,
        "cite": cite and cite[0],
        "doi": cite and cite[1],
        "documentation": text,
    }
    card = ModelCard.of_run(name).replace(**{field: value for field, value in given.items() if value})
    how = (criterion, iteration, card, replace)
    trained = result_of(write(run_folder(workspace, name), target, form, *how))
    click.echo(f"wrote {target} with the weights of iteration {trained.iteration:,}")
