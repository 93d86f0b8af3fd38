"""Which editor a field gets, by its type alone."""

from __future__ import annotations

from typing import Any, Literal, get_origin

from qtpy.QtWidgets import QWidget

from napari_dacapo.config import Config
from napari_dacapo.widgets.forms.choices import Choices
from napari_dacapo.widgets.forms.declared import Declared, declarations, is_family, is_record
from napari_dacapo.widgets.forms.editor import Editor
from napari_dacapo.widgets.forms.items import Items
from napari_dacapo.widgets.forms.kinds import Kinds
from napari_dacapo.widgets.forms.leaf import Leaf, is_leaf
from napari_dacapo.widgets.forms.nested import Nested
from napari_dacapo.widgets.forms.numbers import depth_of
from napari_dacapo.widgets.forms.optional import Optional
from napari_dacapo.widgets.forms.path import Path
from napari_dacapo.widgets.forms.record import Record
from napari_dacapo.widgets.forms.text import json_text, names_text, number_text, numbers_text


def record_editor(record_type: type[Config], parent: QWidget) -> Record:
    """All fields of a record, in sight."""
    return Record(record_type, declarations(record_type), editor_for, parent)


def kinds_editor(family: type[Any], parent: QWidget) -> Kinds:
    """A choice of kinds with all fields in sight."""
    return Kinds(family, record_editor, parent)


def editor_for(field: Declared, parent: QWidget) -> Editor:
    """What edits a field of a record."""
    if field.optional:
        return Optional(field, editor_for, parent)
    if is_family(field.annotation):
        return Kinds(field.annotation, _nested, parent)
    if is_record(field.annotation):
        return record_editor(field.annotation, parent)
    if field.item:
        return _editor_for_tuple(field, field.item, parent)
    if field.name == "path" and field.annotation is str:
        return Path(parent)
    if is_leaf(field):
        return Leaf(field, parent)
    return json_text(parent) if depth_of(field) is None else number_text(field, parent)


def _nested(record_type: type[Config], parent: QWidget) -> Nested:
    return Nested(record_type, editor_for, parent)


def _editor_for_tuple(field: Declared, item: Declared, parent: QWidget) -> Editor:
    if is_record(item.annotation):
        return Items(item.annotation, editor_for, parent)
    if get_origin(item.annotation) is Literal:
        return Choices(item, parent)
    if item.annotation is str:
        return names_text(parent)
    depth = depth_of(field)
    return numbers_text(depth, parent) if depth else json_text(parent)
