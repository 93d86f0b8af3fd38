"""`create`: records under names."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from napari_dacapo.cli.assignments import typed_fields
from napari_dacapo.cli.families import COMPONENTS, record_types
from napari_dacapo.config import Config
from napari_dacapo.errors import UserInputError
from napari_dacapo.store.workspace import Workspace

LETTERS = dict(zip(COMPONENTS, "DATR", strict=True))

fields_option = click.option(
    "--set", "-s", "assignments", multiple=True, metavar="FIELD=VALUE", help="JSON or plain text. Repeatable."
)
json_option = click.option(
    "--json",
    "-j",
    "source",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with the record as JSON, as `show` prints it.",
)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace a different record of that name.")


@click.group()
def create() -> None:
    """Define a component, a run or a cluster under a name.

    \b
    napari-dacapo create datasplit cells --json cells.json
    napari-dacapo create architecture small -k UNet -s num_fmaps=8
    napari-dacapo create task edges -k Affinities
    napari-dacapo create trainer gentle -s learning_rate=1e-4
    napari-dacapo create run first -D cells -A small -T edges -R gentle -s iterations=2000
    napari-dacapo create cluster institute -k Slurm -s queue=gpu -s gpus=1 -s jobs=8

    `napari-dacapo show FAMILY` lists kinds and fields.
    """


def a(family: str) -> str:
    """With its article."""
    return f"an {family}" if family.startswith("a") else f"a {family}"


def _component_command(family: str) -> click.Command:
    @click.command(family, help=f"Define {a(family)}.\n\n`napari-dacapo show {family}` lists its fields.")
    @click.argument("name")
    @fields_option
    @json_option
    @overwrite_option
    @click.pass_obj
    def command(
        workspace: Workspace,
        name: str,
        assignments: Sequence[str],
        source: Path | None,
        overwrite: bool,
        kind: str | None = None,
    ) -> None:
        values = typed_fields(source, assignments) | ({} if kind is None else {"kind": kind})
        record = record_types()[family].from_json(values)
        _save(workspace, family, name, record, overwrite)

    if family == "trainer":  # comes in one kind
        return command
    told = f"Which kind; `napari-dacapo show {family}` lists them."
    return click.option("--kind", "-k", help=told)(command)


for each in (*COMPONENTS, "cluster"):
    create.add_command(_component_command(each))


def _component_options(command: Any) -> Any:
    for family, letter in reversed(LETTERS.items()):
        option = click.option(
            f"--{family}",
            f"-{letter}",
            multiple=True,
            metavar="NAME",
            help=f"{a(family).capitalize()}. Repeatable.",
        )
        command = option(command)
    return command


@create.command("run")
@click.argument("name")
@_component_options
@fields_option
@json_option
@overwrite_option
@click.option(
    "--repetitions",
    type=click.IntRange(1, 1000),
    default=1,
    help="How many equal runs, each with its own seed.",
)
@click.pass_obj
def create_run(
    workspace: Workspace,
    /,
    name: str,
    assignments: Sequence[str],
    source: Path | None,
    overwrite: bool,
    repetitions: int,
    **components: tuple[str, ...],
) -> None:
    """Combine named components to a run.

    Several names of a component make one run of every combination, each with a name of its own.
    """
    from napari_dacapo.experiments.combinations import combinations, save_runs

    values = typed_fields(source, assignments)
    given = {component: names for component, names in components.items() if names}
    _refuse_missing(given, values)
    made = combinations(workspace.store, name, given, repetitions, values)
    for saved in save_runs(workspace.store, made, overwrite):
        click.echo(f"saved run {saved}")


def _save(workspace: Workspace, family: str, name: str, record: Config, overwrite: bool) -> None:
    workspace.store.save(record_types()[family], name, record, overwrite=overwrite)
    click.echo(f"saved {family} {name}")


def _refuse_missing(given: Mapping[str, Sequence[str]], values: Mapping[str, Any]) -> None:
    """Raises UserInputError where a component has neither a name nor a value."""
    for component in COMPONENTS:
        if component not in given and component not in values:
            fix = f"Give the name of one with -{LETTERS[component]}"
            raise UserInputError(f"--{component}", None, f"a run needs {a(component)}", fix)
