"""`apply`: a trained run on an image."""

from pathlib import Path

import click

from napari_dacapo.cli.assignments import typed_fields
from napari_dacapo.cli.families import run_folder
from napari_dacapo.cli.progress import follow
from napari_dacapo.cli.train import criterion_option, device_option, iteration_option
from napari_dacapo.store.workspace import Workspace


@click.command()
@click.argument("name")
@click.argument("image", type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(path_type=Path, file_okay=False))
@click.option("--array", "-a", default="", help="Which array, where the image holds several.")
@criterion_option
@iteration_option
@click.option(
    "--set",
    "-s",
    "assignments",
    multiple=True,
    metavar="PARAMETER=VALUE",
    help="Post-processing in place of the best of validation. Repeatable, all or none.",
)
@device_option
@click.pass_obj
def apply(
    workspace: Workspace,
    name: str,
    image: Path,
    output: Path,
    array: str,
    criterion: str,
    iteration: int | None,
    assignments: tuple[str, ...],
    device: str,
) -> None:
    """Predict and segment an image.

    The folder OUTPUT gets prediction.zarr and segmentation.zarr; it appears when both are complete.
    """
    from napari_dacapo.arrays.file import File
    from napari_dacapo.experiments.apply import apply as steps_of

    source = File(path=str(image.absolute()), array=array)
    parameters = typed_fields(None, assignments) or None
    folder = run_folder(workspace, name)
    steps = steps_of(folder, source, output, criterion, iteration, parameters, device)
    follow(steps, stopped="stopped; nothing was written")
    click.echo(f"wrote {output}")
