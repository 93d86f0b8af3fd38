"""The command `napari-dacapo` and its parts."""

from pathlib import Path

import click

from napari_dacapo.cli.apply import apply
from napari_dacapo.cli.clusters import job_script
from napari_dacapo.cli.compare import compare
from napari_dacapo.cli.create import create
from napari_dacapo.cli.exchange import export_records, import_records, restore
from napari_dacapo.cli.export_model import export_model
from napari_dacapo.cli.import_dacapo import import_dacapo
from napari_dacapo.cli.import_model import import_model
from napari_dacapo.cli.logs import LEVELS, log_from
from napari_dacapo.cli.objects import objects
from napari_dacapo.cli.records import delete, list_names, rename, show
from napari_dacapo.cli.results import scores
from napari_dacapo.cli.train import train, validate
from napari_dacapo.store.workspace import Workspace, default_workspace

EXIT_CODES = """
\b
Exit codes:
  0  done
  1  the system refused something, or nobody reads the output
  2  a wrong command
  3  a value, a name or data that cannot be used
  4  the workspace cannot be read or written, or is in use
  5  a checkpoint is missing or damaged
  6  the disk is full
  7  the device failed
  8  some blocks of a volume failed; the others are kept
  9  data on another computer cannot be read
  130, 143, 129  stopped by Ctrl-C, a terminate signal or a closed terminal;
                 what was trained is saved
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.option(
    "--workspace",
    "-w",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The folder that holds everything; by default $NAPARI_DACAPO_WORKSPACE or ~/napari-dacapo.",
)
@click.option(
    "--log-level",
    type=click.Choice(LEVELS, case_sensitive=False),
    default="warning",
    show_default=True,
    help="What is logged on the error stream: info tells of checkpoints, workers and memory.",
)
@click.version_option(package_name="napari-dacapo")
@click.pass_context
def cli(context: click.Context, workspace: Path | None, log_level: str) -> None:
    """Train, validate, compare and apply segmentation networks.

    Define a datasplit, an architecture, a task and a trainer, each under a name; combine names to a run;
    train it.
    """
    log_from(log_level)
    context.obj = Workspace(workspace) if workspace is not None else default_workspace()


COMMANDS = (
    create,
    list_names,
    show,
    rename,
    delete,
    export_records,
    import_records,
    import_dacapo,
    restore,
    train,
    validate,
    scores,
    objects,
    compare,
    apply,
    export_model,
    import_model,
    job_script,
)
for command in COMMANDS:
    cli.add_command(command)
