"""`import-model`: a model of bioimage.io as a run."""

from pathlib import Path

import click

from napari_dacapo.cli.families import existing
from napari_dacapo.experiments.steps import result_of
from napari_dacapo.store.workspace import Workspace


@click.command("import-model")
@click.argument("model", type=click.Path(path_type=Path, exists=True))
@click.argument("name")
@click.option(
    "--task", "-T", default="", metavar="NAME", help="What its channels mean; by default as it says."
)
@click.option("--datasplit", "-D", default="", metavar="NAME", help="Data to train it further on.")
@click.option("--trainer", "-R", default="", metavar="NAME", help="How to train it further.")
@click.option("--trusted", is_flag=True, help="Run code that came with it, where it has no TorchScript.")
@click.pass_obj
def import_model(
    workspace: Workspace, model: Path, name: str, task: str, datasplit: str, trainer: str, trusted: bool
) -> None:
    """Make a run of a model of bioimage.io.

    It can be applied at once, and trained further where it was given a datasplit. The package (.zip or
    folder) stays where it is. Its channels have to be those of the task, in their order.
    """
    from napari_dacapo.experiments.combinations import component_type
    from napari_dacapo.experiments.importing import import_model as bring

    store = existing(workspace).store
    given = {"task": task, "datasplit": datasplit, "trainer": trainer}
    parts = {family: store.read(component_type(family), called) for family, called in given.items() if called}
    result_of(bring(workspace, name, model, trusted=trusted, **parts))
    click.echo(f"saved run {name}; apply it, or train it further")
