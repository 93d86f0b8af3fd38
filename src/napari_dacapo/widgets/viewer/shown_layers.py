"""Layers of results in a viewer: added once, then brought up to date in place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from napari.layers import Image, Layer

from napari_dacapo.layers.coming import WAITS, is_waiting
from napari_dacapo.layers.layer import LIMITS, Limits
from napari_dacapo.layers.units import in_unit
from napari_dacapo.widgets.viewer.looking import look_at_all
from napari_dacapo.widgets.viewer.world import unit_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_dacapo.layers.layer import LayerData

OURS = "napari_dacapo"  # in a layer's metadata: which result it shows
PLACE = "napari_dacapo_place"  # and where that lies
LOOKS_ONLY = "pan_zoom"  # the mode of a layer in which nothing is drawn
PLACING = ("scale", "translate", "units")
TOLD = ("features", "colormap")  # of labels, about the ids that they have
LOOKS = (*TOLD, "contrast_limits", "blending", "opacity")  # of what was waited for


def show(viewer: ViewerModel, key: str, layers: Iterable[LayerData]) -> None:
    """Show the layers of a result, in the unit of the viewer; those that showed it before take the new data.

    A person may have renamed, moved, hidden or deleted them meanwhile: hidden ones stay hidden, moved ones
    stay where they are unless the result lies elsewhere, deleted ones come again.
    """
    for _ in showing(viewer, key, layers):
        pass


def showing(viewer: ViewerModel, key: str, layers: Iterable[LayerData]) -> Iterator[None]:
    """The same in pieces: napari takes long for a layer that is new. The others change all at once."""
    results = {f"{key}/{number}": made for number, made in enumerate(in_unit(layers, unit_of(viewer)))}
    take_away(viewer, [layer for layer in shown(viewer, key) if layer.metadata[OURS] not in results])
    later = []
    for mark, made in results.items():
        layer = _layer_of(viewer, mark)
        if layer is not None and WAITS not in layer.metadata and _fits(layer, made):
            _bring(viewer, mark, made)
        else:
            later.append(mark)
    for mark in later:
        yield
        _bring(viewer, mark, results[mark])


def shown(viewer: ViewerModel, key: str) -> list[Layer]:
    """The layers that show a result."""
    return [each for each in viewer.layers if each.metadata.get(OURS, "").rpartition("/")[0] == key]


def beside(viewer: ViewerModel, layer: Layer) -> list[Layer]:
    """All layers of the result that a layer belongs to; none where it is not ours."""
    mark = layer.metadata.get(OURS)
    return [] if mark is None else shown(viewer, mark.rpartition("/")[0])


def is_a_persons_image(layer: Layer) -> bool:
    """Whether it is an image that shows no result."""
    return isinstance(layer, Image) and OURS not in layer.metadata


def let_be_seen(layer: Layer, is_seen: bool) -> None:
    """Napari would draw it anew where nothing changes, too."""
    if layer.visible != is_seen:
        layer.visible = is_seen


def drop_waiting(viewer: ViewerModel, key: str) -> None:
    """Take away the layers of a result for which nothing came."""
    take_away(viewer, [layer for layer in shown(viewer, key) if WAITS in layer.metadata])


def take_away(viewer: ViewerModel, layers: Collection[Layer]) -> None:
    """All in one: napari looks for garbage after each that goes alone, which takes half a second."""
    if layers:
        with viewer.layers.batched_update():
            for layer in layers:
                viewer.layers.remove(layer)


def _layer_of(viewer: ViewerModel, mark: str) -> Layer | None:
    return next((each for each in viewer.layers if each.metadata.get(OURS) == mark), None)


def _bring(viewer: ViewerModel, mark: str, made: LayerData) -> None:
    """Show it in its layer, or in a new one; what only waits takes nothing's place.

    The first that is there to see is looked at: nobody looks at what waits.
    """
    known = _layer_of(viewer, mark)
    if known is not None and is_waiting(made):
        return
    is_first = not is_waiting(made) and all(WAITS in layer.metadata for layer in viewer.layers)
    if known is not None and _fits(known, made):
        _update(known, made)
    else:
        if known is not None:
            viewer.layers.remove(known)
        _add(viewer, mark, made)
    if is_first:
        look_at_all(viewer, [cast(Layer, _layer_of(viewer, mark))])


def _fits(layer: Layer, made: LayerData) -> bool:
    """Whether the layer can show the data in place."""
    data, _, kind = made
    has_levels = isinstance(data, list)
    finest = data[0] if has_levels else data
    if type(layer).__name__.lower() != kind or getattr(layer, "multiscale", False) != has_levels:
        return False
    if getattr(finest, "ndim", None) != layer.data.ndim:
        return False
    if WAITS in layer.metadata:
        return True
    return bool(np.dtype(layer.data.dtype).kind == np.dtype(finest.dtype).kind)


def _update(layer: Layer, made: LayerData) -> None:
    data, properties, kind = made
    was_waited_for = layer.metadata.pop(WAITS, False)
    place = _place(properties)
    with _drawn_once(layer):
        layer.data = data
        if layer.metadata.get(PLACE) != place:
            layer.metadata[PLACE] = place
            for name, value in place.items():
                if name == "units" or not np.array_equal(getattr(layer, name), value):
                    setattr(layer, name, value)
    layer.name = properties["name"]
    _bring_limits(layer, properties.get("metadata", {}).get(LIMITS))
    for name in LOOKS if was_waited_for else TOLD if kind == "labels" else ():
        if name in properties:
            setattr(layer, name, properties[name])
    if was_waited_for:
        layer.visible = properties.get("visible", True)
        layer.refresh()  # napari draws zeros in slices where a layer has nothing, until it takes its slice


def _bring_limits(layer: Layer, limits: Limits | None) -> None:
    """Where those of the result are others than before; else what a person chose stays."""
    if limits is not None and layer.metadata.get(LIMITS) != limits:
        layer.metadata[LIMITS] = limits
        layer.contrast_limits_range = limits
        layer.contrast_limits = limits


@contextmanager
def _drawn_once(layer: Layer) -> Iterator[None]:
    """Slice, draw and tell after the last of several changes; napari would after each."""
    with ExitStack() as silent:
        silent.enter_context(getattr(layer, "_block_refresh", nullcontext)())  # private to it
        for name in ("data", *PLACING):
            silent.enter_context(getattr(layer.events, name).blocker())
        yield
    layer.refresh()
    layer.events.data(value=layer.data)


def _add(viewer: ViewerModel, mark: str, made: LayerData) -> None:
    data, properties, kind = made
    metadata = {**properties.get("metadata", {}), OURS: mark, PLACE: _place(properties)}
    layer = Layer.create(data, {**properties, "metadata": metadata}, kind)
    camera, is_first = viewer.scene.camera, not viewer.layers
    center, zoom = camera.center, camera.zoom
    active = viewer.layers.selection.active
    viewer.add_layer(layer)
    if active is not None and getattr(active, "mode", LOOKS_ONLY) != LOOKS_ONLY:  # a person paints on it
        viewer.layers.selection.active = active
    if not is_first:  # an axis more, and napari shows all; a person looks where they look
        camera.center, camera.zoom = center, zoom


def _place(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(properties[name]) for name in PLACING if name in properties}
