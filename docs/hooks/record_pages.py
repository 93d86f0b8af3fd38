"""Pages that the records write themselves: one for every kind, from its docstring and its fields.

records/index.md              every family
records/Task/index.md         one family
records/Task/Affinities.md    one kind
records/Trainer.md            a record that has no kinds
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from record_fields import field_rows

from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.config import Config, Family
from napari_dacapo.experiments.run import Run

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOTS = (Run, Cluster)  # whatever a person defines is a field of these, or a field of a field
FOLDER = "records"
OVERVIEW = f"{FOLDER}/index.md"

Record = type[Config]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to the site and to its navigation."""
    from mkdocs.structure.files import File

    for place, text in pages().items():
        files.append(File.generated(config, place, content=text))
    nav: list[Any] = config.nav or []
    nav.append({"Records": navigation()})
    return files


def pages() -> dict[str, str]:
    """The Markdown of every page by its place in the docs."""
    found = {OVERVIEW: _overview()}
    for record in records():
        found[place_of(record)] = _family_page(record) if issubclass(record, Family) else _page(record)
        found |= {place_of(kind): _page(kind) for kind in kinds(record)}
    return found


def navigation() -> list[Any]:
    entries: list[Any] = [{"Overview": OVERVIEW}]
    for record in records():
        places = [place_of(each) for each in (record, *kinds(record))]
        entries.append({record.__name__: places if issubclass(record, Family) else places[0]})
    return entries


def records() -> list[Record]:
    """Every family, and every record without kinds, in the order a run names them."""
    found: dict[Record, None] = {}
    waiting: list[Record] = list(ROOTS)
    while waiting:
        record = _family_of(waiting.pop(0))
        if record not in found:
            found[record] = None
            waiting += [other for each in (record, *kinds(record)) for other in _in_fields(each)]
    return list(found)


def kinds(record: Record) -> list[type[Family]]:
    """The kinds that this package has of it; other packages describe their own."""
    if not issubclass(record, Family):
        return []
    return [kind for kind in record.kinds().values() if kind.__module__.startswith("napari_dacapo.")]


def place_of(record: Record) -> str:
    """Where its page lies in the docs."""
    family = _family_of(record)
    if not issubclass(family, Family):
        return f"{FOLDER}/{record.__name__}.md"
    return f"{FOLDER}/{family.__name__}/{'index' if record is family else record.__name__}.md"


def _overview() -> str:
    of_families = [each for each in records() if issubclass(each, Family)]
    plain = [each for each in records() if not issubclass(each, Family)]
    return _joined(
        "# Records",
        "Everything a person defines is a record. Records of a family come in several kinds, of which one "
        "is chosen. Fields that are not given have their default.",
        _table(("family", "what it is"), _summaries(of_families, OVERVIEW)),
        _table(("record without kinds", "what it is"), _summaries(plain, OVERVIEW)),
    )


def _family_page(family: type[Family]) -> str:
    """The kinds in groups: those that another abstract class below the family stands for have a heading."""
    groups: dict[type[Family], list[type[Family]]] = {family: []}
    for kind in kinds(family):
        groups.setdefault(_group_of(kind), []).append(kind)
    parts = []
    for group, members in groups.items():
        heading = f"# {group.__name__}" if group is family else f"## {group.__name__}"
        table = _table(("kind", "what it is"), _summaries(members, place_of(family)))
        parts += [heading, _docstring(group), table if members else ""]
    return _joined(*parts)


def _page(record: Record) -> str:
    place = place_of(record)
    known = {each.__name__: _link(each, place) for each in _in_fields(record)}
    rows = field_rows(record, known.__getitem__)
    return _joined(
        f"# {record.__name__}",
        f"A kind of {_link(_group_of(record), place)}." if issubclass(record, Family) else "",
        _docstring(record),
        _table(("field", "type", "default", "meaning"), rows) if rows else "It has no fields.",
        f"Declared in `{record.__module__}`.",
    )


def _in_fields(record: Record) -> Iterator[Record]:
    for info in record.model_fields.values():
        yield from _in_annotation(info.annotation)


def _in_annotation(annotation: Any) -> Iterator[Record]:
    if isinstance(annotation, type) and issubclass(annotation, Config):
        yield annotation
    for argument in get_args(annotation):
        yield from _in_annotation(argument)


def _family_of(record: Record) -> Record:
    """The class directly below Family; of a record without kinds the record."""
    above = [base for base in record.__mro__ if issubclass(base, Family) and base is not Family]
    return above[-1] if above else record


def _group_of(kind: type[Family]) -> type[Family]:
    """The nearest abstract class above: what kinds like this one have in common."""
    return next(base for base in kind.__mro__[1:] if inspect.isabstract(base) and base.__name__[0] != "_")


def _summaries(found: Iterable[Record], place: str) -> list[tuple[str, ...]]:
    return [(_link(each, place), _docstring(each).partition("\n")[0]) for each in found]


def _link(record: Record, place: str) -> str:
    """From the page at `place` to that of a record, or to its part of the family's page."""
    is_group = issubclass(record, Family) and inspect.isabstract(record) and record is not _family_of(record)
    target = place_of(_family_of(record) if is_group else record)
    anchor = f"#{record.__name__.lower()}" if is_group else ""
    return f"[{record.__name__}]({os.path.relpath(target, Path(place).parent)}{anchor})"


def _docstring(record: Record) -> str:
    """As Markdown: what is aligned in columns stays as it is."""
    paragraphs = (inspect.getdoc(record) or "").split("\n\n")
    return _joined(*(f"```text\n{p}\n```" if re.search(r"\S {3}", p) else _escaped(p) for p in paragraphs))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(map(_in_cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;")


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
