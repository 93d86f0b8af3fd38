"""`list`, `show`, `rename` and `delete`: what is stored."""

import json
from collections.abc import Iterator
from typing import Any

import click

from napari_dacapo.cli.families import (
    FAMILIES,
    FamilyName,
    existing,
    record_types,
    run_folder,
    trained_iterations,
)
from napari_dacapo.cli.kinds import described
from napari_dacapo.cli.table import print_table
from napari_dacapo.errors import UserInputError
from napari_dacapo.store.workspace import Workspace

WIDTH = 100  # characters of a line of JSON


@click.command("list")
@click.argument("family", required=False, type=FamilyName())
@click.pass_obj
def list_names(workspace: Workspace, family: str | None) -> None:
    """List what is stored, everything or a family."""
    documents = _documents(existing(workspace))
    rows = [row for each in FAMILIES if family in (None, each) for row in _rows(workspace, each, documents)]
    if rows:
        print_table(("family", "name", "kind"), rows)
    else:
        click.echo(f"No {family or 'record'} is stored in {workspace.path} yet.", err=True)
    for notice in workspace.store.notices():
        click.echo(notice, err=True)


@click.command()
@click.argument("family")
@click.argument("name", required=False)
@click.pass_obj
def show(workspace: Workspace, family: str, name: str | None) -> None:
    """Show a record, or the kinds of a family.

    \b
    napari-dacapo show architecture           its kinds, their fields, defaults and meaning
    napari-dacapo show MutexWatershed         any kind that a field may hold
    napari-dacapo show architecture small     what is stored under that name
    """
    if name is None:
        click.echo(described(family), nl=False)
    else:
        record_type = record_types()[FamilyName().convert(family, None, None)]
        click.echo(_json(existing(workspace).store.read(record_type, name).to_json()))


@click.command()
@click.argument("family", type=FamilyName())
@click.argument("name")
@click.argument("new_name")
@click.pass_obj
def rename(workspace: Workspace, family: str, name: str, new_name: str) -> None:
    """Give a record another name."""
    if family == "run":
        _rename_run(workspace, name, new_name)
    else:
        existing(workspace).store.rename(record_types()[family], name, new_name)
    click.echo(f"renamed {family} {name} to {new_name}")


def _rename_run(workspace: Workspace, name: str, new_name: str) -> None:
    from napari_dacapo.experiments.renaming import rename_run

    run_folder(workspace, name)  # raises, offering near names
    for follower in rename_run(workspace, name, new_name):
        click.echo(f"{follower} starts from it and follows", err=True)


@click.command()
@click.argument("family", type=FamilyName())
@click.argument("name")
@click.option(
    "--yes", "-y", is_flag=True, help="Confirm to delete what was trained, or what runs were made from."
)
@click.pass_obj
def delete(workspace: Workspace, family: str, name: str, yes: bool) -> None:
    """Delete a record, of a run what was trained, too.

    Runs that were made from a component hold copies of it and stay whole.
    """
    if family == "run":
        _delete_folder(workspace, name, yes)
    existing(workspace).store.delete(record_types()[family], name, confirmed=yes)
    click.echo(f"deleted {family} {name}")


def _delete_folder(workspace: Workspace, name: str, confirmed: bool) -> None:
    folder = run_folder(workspace, name)
    trained = trained_iterations(workspace, name)
    if trained and not confirmed:
        problem = f"{trained:,} iterations of training would be deleted with it"
        raise UserInputError("run", name, problem, "Confirm with --yes")
    with folder.alone():
        workspace.delete_run(name)


def _documents(workspace: Workspace) -> dict[str, list[dict[str, Any]]]:
    """As stored, by family: a record that no longer fits is listed, too."""
    tables = workspace.store.export_json()["records"]
    return {family.casefold(): list(documents.values()) for family, documents in tables.items()}


def _rows(
    workspace: Workspace, family: str, documents: dict[str, list[dict[str, Any]]]
) -> Iterator[tuple[str, str, str]]:
    for document in sorted(documents.get(family, []), key=lambda each: each["name"].casefold()):
        record, name = document["record"], document["name"]
        if family == "run":
            done = f"{trained_iterations(workspace, name):,} of {record.get('iterations', 0):,} iterations"
            yield family, name, ", ".join((done, *document.get("made_from", {}).values()))
        else:
            yield family, name, str(record.get("kind", ""))


def _json(value: Any, indent: str = "") -> str:
    """As `json.dumps` indents it, with what fits into a line on one."""
    plain = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(plain) <= WIDTH or not isinstance(value, dict | list):
        return plain
    inner = indent + "  "
    if isinstance(value, dict):
        lines = [
            f"{json.dumps(key, ensure_ascii=False)}: {_json(item, inner)}" for key, item in value.items()
        ]
        return "{\n" + ",\n".join(inner + line for line in lines) + f"\n{indent}}}"
    lines = [_json(item, inner) for item in value]
    return "[\n" + ",\n".join(inner + line for line in lines) + f"\n{indent}]"
