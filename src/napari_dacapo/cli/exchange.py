"""`export`, `import` and `restore`: records on their way to and from a colleague, and back from a backup."""

import json
from pathlib import Path

import click

from napari_dacapo.cli.families import FamilyName, existing, record_types
from napari_dacapo.config import Config
from napari_dacapo.errors import UserInputError
from napari_dacapo.files import atomic_write
from napari_dacapo.store.exchange import read_export
from napari_dacapo.store.workspace import Workspace


@click.command("export")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("records", nargs=-1, metavar="[FAMILY/NAME]...")
@click.option("--overwrite", is_flag=True, help="Replace the file if it is there.")
@click.pass_obj
def export_records(workspace: Workspace, target: Path, records: tuple[str, ...], overwrite: bool) -> None:
    """Write all records, or some, into a JSON file."""
    if not target.parent.is_dir():
        problem = f"there is no folder {target.parent}"
        raise UserInputError("file", str(target), problem, "Make it, or choose another")
    if target.exists() and not overwrite:
        raise UserInputError("file", str(target), "it is there already", "Choose another, or add --overwrite")
    data = existing(workspace).store.export_json([_chosen(text) for text in records] or None)
    atomic_write(target, json.dumps(data, indent=1, ensure_ascii=False).encode())
    count = sum(len(documents) for documents in data["records"].values())
    click.echo(f"wrote {count} {'record' if count == 1 else 'records'} to {target}")


@click.command("import")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--overwrite", is_flag=True, help="Replace different records of the same name.")
@click.pass_obj
def import_records(workspace: Workspace, source: Path, overwrite: bool) -> None:
    """Take over the records of an exported file.

    All or none: where different records have their names here, nothing is changed.
    """
    data = read_export(source)
    report = workspace.store.import_json(data, overwrite=overwrite, families=record_types())
    click.echo(str(report))


@click.command()
@click.pass_obj
def restore(workspace: Workspace) -> None:
    """Bring a damaged store back from its backup; the damaged file is set aside."""
    source = workspace.store.restore_backup()
    count = sum(len(documents) for documents in workspace.store.export_json()["records"].values())
    click.echo(f"{count} {'record' if count == 1 else 'records'} brought back from {source.name}")


def _chosen(text: str) -> tuple[type[Config], str]:
    family, slash, name = text.partition("/")
    if not slash:
        raise UserInputError("record", text, "there is no /", "Write family/name, for example run/first")
    return record_types()[FamilyName().convert(family, None, None)], name
