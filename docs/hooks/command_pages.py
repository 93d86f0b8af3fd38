"""The reference part of command-line.md, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from napari_dacapo.cli.command import cli

if TYPE_CHECKING:
    from mkdocs.structure.pages import Page

PROGRAM = "napari-dacapo"
PLACE = "command-line.md"
WIDTH = 100  # characters of a help text


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    return f"{markdown}\n\n{reference()}" if page.file.src_uri == PLACE else markdown


def reference() -> str:
    """The help text of every command."""
    return "\n\n".join(("## Reference", *(_help(title, command) for title, command in commands())))


def commands(title: str = PROGRAM, command: click.Command = cli) -> Iterator[tuple[str, click.Command]]:
    """A command and those within it, as they are typed."""
    yield title, command
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            yield from commands(f"{title} {name}", inner)


def _help(title: str, command: click.Command) -> str:
    text = command.get_help(click.Context(command, info_name=title, max_content_width=WIDTH))
    return f"### {title}\n\n```text\n{text}\n```"
