"""Fields of records as they are typed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from napari_dacapo.errors import UserInputError
from napari_dacapo.files import JsonError, parse_json
from napari_dacapo.store.exchange import read_export


def typed_fields(source: Path | None, assignments: Iterable[str], option: str = "--set") -> dict[str, Any]:
    """The record in a JSON file, with what was assigned besides by an option.

    `num_fmaps=8` gives a number, `padding=same` a text, `downsample_factors=[[2,2,2]]` a list, and
    `start={"kind":"FromRun","run":"first"}` a record.
    """
    fields = {} if source is None else _record(source)
    return fields | dict(_assignment(text, option) for text in assignments)


def _record(source: Path) -> dict[str, Any]:
    fields = read_export(source)
    if not isinstance(fields, dict):
        raise UserInputError("--json", str(source), "it holds no record", 'Write {"field": value, ...}')
    return fields


def _assignment(text: str, option: str) -> tuple[str, Any]:
    field, equals, value = text.partition("=")
    if not equals:
        raise UserInputError(option, text, "there is no =", "Write field=value")
    try:
        return field, parse_json(value.encode())
    except JsonError:
        if value[:1] in ("[", "{"):  # meant as JSON
            raise UserInputError(option, text, "this is no JSON", "Quote it: 'field=[1,2]'") from None
        return field, value
