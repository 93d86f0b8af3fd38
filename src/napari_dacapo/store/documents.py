"""A named record as TinyDB keeps it, and back."""

import json
from collections.abc import Mapping
from typing import TypeVar

from napari_dacapo.config import Config, Family
from napari_dacapo.errors import UserInputError
from napari_dacapo.store.content import Document
from napari_dacapo.store.names import checked_name

R = TypeVar("R", bound=Config)


def family_name(record_type: type[Config]) -> str:
    """The table of a family, of any of its kinds, or of a record without kinds: "Architecture" for UNet."""
    ancestors = [base for base in record_type.__mro__ if issubclass(base, Config)]
    return str([base for base in ancestors if base not in (Config, Family)][-1].__name__)


def document(record_type: type[Config], name: str, record: Config, made_from: Mapping[str, str]) -> Document:
    """Raises UserInputError where the record would not be read back as it is."""
    if not isinstance(record, record_type):
        problem = f"it is no {record_type.__name__}"
        raise UserInputError("record", record, problem, "Save it as what it is")
    try:
        data = json.loads(json.dumps(record.to_json(), allow_nan=False))
    except (ValueError, TypeError, RecursionError) as error:
        raise UserInputError("record", record, f"it cannot be written as JSON ({error})"[:150]) from error
    if record_type.from_json(data) != record:
        problem = "it would be read back as another record"
        raise UserInputError("record", record, problem, "Use plain numbers and texts")
    origin = {family.casefold(): checked_name(used, family) for family, used in made_from.items()}
    return {"name": checked_name(name), "record": data} | ({"made_from": origin} if origin else {})


def record_of(record_type: type[R], found: Document) -> R:
    """Raises UserInputError naming the record and the field that no longer fits."""
    try:
        return record_type.from_json(found["record"])
    except UserInputError as error:
        where = f"{error.field} of the {family_name(record_type)} {found['name']!r}"
        named = UserInputError(where, error.value, error.problem, error.fix)
        named.__notes__ = getattr(error, "__notes__", [])
        raise named from None
