"""Layers that were changed after they were saved."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_dacapo.widgets.data.layers_box import Viewed

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

FOLLOWS = ("data", "labels_update", "scale", "translate", "rotate", "shear", "affine", "units")
UNDONE = "set_data"  # napari tells of an undo by this alone, as of moving to another slice


class ChangedLayers(QObject):
    """Told by the layers themselves; nothing is compared. A layer that was removed is not followed."""

    changed = Signal()

    def __init__(self, viewer: ViewerModel, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._viewed: dict[str, Viewed] = {}
        self._edits: dict[Layer, tuple[int, int]] = {}  # of those that are followed
        self._changed: set[Layer] = set()
        viewer.layers.events.removed.connect(self._on_removed)

    def viewed(self, titles: Collection[str]) -> tuple[Viewed, ...]:
        """Of the datasets of these titles those of which a layer was changed."""
        return tuple(
            each
            for title, each in self._viewed.items()
            if title in titles and not self._changed.isdisjoint(each.layers.values())
        )

    def sentence(self, titles: Collection[str]) -> str:
        """Empty where nothing was changed."""
        names = [
            f"{what} ({layer.name})"
            for each in self.viewed(titles)
            for what, layer in each.layers.items()
            if layer in self._changed
        ]
        return f"Changed since they were saved: {', '.join(names)}. Use them again." if names else ""

    @property
    def used(self) -> frozenset[Layer]:
        """All layers that are followed."""
        return frozenset(self._edits)

    @property
    def titles(self) -> frozenset[str]:
        """Of the datasets whose layers are followed."""
        return frozenset(self._viewed)

    def watch(self, viewed: Viewed) -> None:
        """From now on; what was changed before is being saved."""
        self._viewed[viewed.title] = viewed
        for layer in viewed.layers.values():
            if layer not in self._edits:
                for event in _followed(layer):
                    event.connect(self._on_event)
            self._changed.discard(layer)
            self._edits[layer] = _edits(layer)

    def keep(self, titles: Collection[str]) -> None:
        """Follow the layers of these datasets only."""
        self._viewed = {title: each for title, each in self._viewed.items() if title in titles}
        needed = {layer for each in self._viewed.values() for layer in each.layers.values()}
        for layer in self._edits.keys() - needed:
            self._forget(layer)

    def close(self) -> None:
        """Follow the viewer no longer."""
        self.keep(())
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _on_event(self, event: Any) -> None:
        layer = event.source
        is_change = event.type != UNDONE or _edits(layer) != self._edits.get(layer)
        if is_change and layer in self._edits and layer not in self._changed:
            self._changed.add(layer)
            self.changed.emit()

    def _on_removed(self, event: Any) -> None:
        gone = [title for title, each in self._viewed.items() if event.value in each.layers.values()]
        if gone:
            self.keep(self._viewed.keys() - set(gone))
            self.changed.emit()

    def _forget(self, layer: Layer) -> None:
        del self._edits[layer]
        self._changed.discard(layer)
        for event in _followed(layer):
            event.disconnect(self._on_event)


def _followed(layer: Layer) -> list[Any]:
    return [getattr(layer.events, name) for name in (*FOLLOWS, UNDONE) if hasattr(layer.events, name)]


def _edits(layer: Layer) -> tuple[int, int]:
    """How much was painted and undone; 0 for other layers."""
    return len(getattr(layer, "_undo_history", ())), len(getattr(layer, "_redo_history", ()))
