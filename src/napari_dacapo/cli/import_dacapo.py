"""`import-dacapo`: a project of DaCapo, taken over."""

from pathlib import Path

import click

from napari_dacapo.experiments.steps import result_of
from napari_dacapo.store.workspace import Workspace


@click.command("import-dacapo")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--overwrite", is_flag=True, help="Replace different records of the same name.")
@click.option("--weights", is_flag=True, help="Take over the newest weights of each run, too.")
@click.pass_obj
def import_dacapo(workspace: Workspace, folder: Path, overwrite: bool, weights: bool) -> None:
    """Take over the records of a DaCapo folder: datasplits, architectures, tasks, trainers and runs.

    FOLDER is runs_base_dir in dacapo.yaml. Every field is told, with its name here or why it was left out.
    Where different records have the names here, nothing is changed. DaCapo's folder is only read.
    """
    from napari_dacapo.from_dacapo.project import bring

    brought = result_of(bring(folder, workspace, overwrite=overwrite, weights=weights))
    for line in brought.text():
        click.echo(line)
