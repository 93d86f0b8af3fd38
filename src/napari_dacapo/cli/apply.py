"""`apply`: a trained run on an image."""

from pathlib import Path
from typing import get_args

import click

from napari_dacapo.arrays.box import Box, World
from napari_dacapo.blockwise.cluster import Cluster
from napari_dacapo.blockwise.coding import OutputDtype
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
@click.option(
    "--box",
    nargs=2,
    metavar="BEGIN END",
    help="Only this part, in nm: 0,0,0 4000,4000,4000.",
)
@click.option(
    "--output-dtype",
    type=click.Choice(get_args(OutputDtype)),
    default="float16",
    show_default=True,
    help="What the prediction is stored as; uint8 is smallest.",
)
@click.option("--replace", is_flag=True, help="Delete the results of an earlier command in OUTPUT first.")
@click.option("--scheduler", default="", help="Work on Dask: tcp://host:port, or a scheduler file.")
@click.option("--workers", type=click.IntRange(min=1), help="Work in so many processes of this machine.")
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
    box: tuple[str, str] | None,
    output_dtype: OutputDtype,
    replace: bool,
    scheduler: str,
    workers: int | None,
    device: str,
) -> None:
    """Predict and segment an image of any size.

    The folder OUTPUT gets prediction.zarr and segmentation.zarr, block by block. Stopped or killed at any
    moment, the same command goes on with the blocks that are not finished.
    """
    from napari_dacapo.arrays.file import File
    from napari_dacapo.experiments.apply import apply as steps_of

    if scheduler and workers:
        raise click.UsageError("--scheduler and --workers are two ways; give one.")
    steps = steps_of(
        run_folder(workspace, name),
        File(path=str(image.absolute()), array=array),
        output,
        criterion,
        iteration,
        typed_fields(None, assignments) or None,
        device,
        Box(_corner(box[0]), _corner(box[1])) if box else None,
        output_dtype,
        Cluster(scheduler, workers or 0),
        replace,
    )
    follow(steps, stopped="stopped; finished blocks are kept, the same command goes on")
    click.echo(f"wrote {output}")


def _corner(text: str) -> World:
    """Numbers along (z,) y, x with commas between."""
    try:
        return tuple(map(float, text.split(",")))
    except ValueError:
        problem = f"{text} is not a number for each axis, like 0,200,1000"
        raise click.BadParameter(problem, param_hint="--box") from None
