"""`apply`: a trained run on an image."""

from pathlib import Path
from typing import Any, get_args

import click

from napari_dacapo.arrays.box import Box, World
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.image_metadata import OmeVersion
from napari_dacapo.blockwise.coding import OutputDtype
from napari_dacapo.cli.assignments import typed_fields
from napari_dacapo.cli.clusters import chosen_cluster, cluster_options
from napari_dacapo.cli.families import run_folder
from napari_dacapo.cli.progress import follow
from napari_dacapo.cli.train import criterion_option, device_option, iteration_option
from napari_dacapo.experiments.applying.apply_options import ApplyOptions
from napari_dacapo.store.workspace import Workspace


def told_of(option: str) -> str:
    """As the window tells it."""
    return ApplyOptions.model_fields[option].description or ""


@click.command()
@click.argument("name")
@click.argument("image")
@click.argument("output", type=click.Path(path_type=Path, file_okay=False))
@click.option("--array", "-a", default="", help="Which array, where the image holds several.")
@click.option(
    "--read",
    multiple=True,
    metavar="FIELD=VALUE",
    help="How the image is read, a field of File: time=3, axes=tyx, voxel_size=[40,4,4]. Repeatable.",
)
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
@click.option("--mask", default="", help="Only where this image is not 0; elsewhere is background.")
@click.option("--mask-array", default="", help="Which array, where the mask holds several.")
@click.option(
    "--segmenter",
    default="",
    metavar="MODULE:FUNCTION",
    help=f"{told_of('segmenter')} --set gives it parameters.",
)
@click.option(
    "--output-dtype",
    type=click.Choice(get_args(OutputDtype)),
    default="float16",
    show_default=True,
    help=told_of("stored_as"),
)
@click.option(
    "--ome-zarr",
    "ome_version",
    type=click.Choice(get_args(OmeVersion)),
    default="0.5",
    show_default=True,
    help=told_of("ome_zarr"),
)
@click.option("--replace", is_flag=True, help="Delete the results of an earlier command in OUTPUT first.")
@click.option("--predict-only", is_flag=True, help=told_of("only_predict"))
@click.option(
    "--segment-again",
    is_flag=True,
    help="Keep the prediction in OUTPUT, and segment it anew, with other parameters say.",
)
@cluster_options
@device_option
@click.pass_obj
def apply(
    workspace: Workspace,
    /,
    name: str,
    image: str,
    output: Path,
    array: str,
    read: tuple[str, ...],
    criterion: str,
    iteration: int | None,
    assignments: tuple[str, ...],
    box: tuple[str, str] | None,
    mask: str,
    mask_array: str,
    segmenter: str,
    output_dtype: OutputDtype,
    ome_version: OmeVersion,
    replace: bool,
    predict_only: bool,
    segment_again: bool,
    device: str,
    **where: Any,
) -> None:
    """Predict and segment an image of any size.

    IMAGE is a file, a folder, or the address of a Zarr or N5 (https://, s3://, gs://); so is the mask.
    The folder OUTPUT gets prediction.zarr and segmentation.zarr, block by block. Stopped or killed at any
    moment, the same command goes on with the blocks that are not finished.
    """
    from napari_dacapo.experiments.applying.apply import apply as steps_of
    from napari_dacapo.experiments.applying.wanted import Wanted

    cluster = chosen_cluster(workspace, **where)
    wanted = Wanted(
        run_folder(workspace, name),
        File(**{"path": image, "array": array, **typed_fields(None, read, "--read")}).absolute(),
        output,
        criterion=criterion,
        iteration=iteration,
        parameters=typed_fields(None, assignments) or None,
        device=device,
        box=Box(_corner(box[0]), _corner(box[1])) if box else None,
        dtype=output_dtype,
        mask=File(path=mask, array=mask_array).absolute() if mask else None,
        segmenter=_wherever(segmenter),
        ome_version=ome_version,
        only_predict=predict_only,
    )
    steps = steps_of(wanted, cluster, replace, segment_again)
    follow(steps, stopped="stopped; finished blocks are kept, the same command goes on")
    click.echo(f"wrote {output}")


def _wherever(segmenter: str) -> str:
    """The same function for workers that stand in another folder."""
    module, _, function = segmenter.rpartition(":")
    if not module.endswith(".py"):
        return segmenter
    return f"{Path(module).expanduser().absolute()}:{function}"


def _corner(text: str) -> World:
    """Numbers along (z,) y, x with commas between."""
    try:
        return tuple(map(float, text.split(",")))
    except ValueError:
        problem = f"{text} is not a number for each axis, like 0,200,1000"
        raise click.BadParameter(problem, param_hint="--box") from None
