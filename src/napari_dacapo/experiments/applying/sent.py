"""Image, mask and network as a block takes them along, opened once where it is worked on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Self
from uuid import uuid4

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.cache import cached
from napari_dacapo.arrays.source import Source
from napari_dacapo.arrays.step import Normalization
from napari_dacapo.blockwise.copying import with_copy
from napari_dacapo.blockwise.predict import Network
from napari_dacapo.experiments.predicting.predict import network_of
from napari_dacapo.experiments.predicting.trained import load_trained
from napari_dacapo.experiments.run_folder import RunFolder

_loading = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfOneStart:
    """Never equal to that of another start: a worker that keeps what it opened may outlive the work."""

    start: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True, slots=True)
class ImageOf(OfOneStart):
    """An image or a mask, opened where it is called: also on other machines."""

    source: Source
    root: Path
    normalization: Normalization | None = None  # as the network was trained on such; None: as it is
    copy: Path | None = None  # in tiles
    kept_bytes: int = 0  # that stay in memory, decoded

    def __call__(self) -> Array:
        return _opened(self)


@dataclass(frozen=True, slots=True)
class NetworkOf(OfOneStart):
    """A run's network, loaded once in every process that predicts."""

    folder: RunFolder
    iteration: int
    device: str
    input_shape: Voxels

    def __call__(self) -> Network:
        with _loading:
            return _loaded(self)


@dataclass(frozen=True, slots=True)
class TakenAlong:
    """Called where a block is worked on."""

    network: Callable[[], Network]
    plain: Callable[[], Array]  # the image as it lies in its file
    image: Callable[[], Array]  # as the network is given it

    @classmethod
    def to_others(
        cls,
        folder: RunFolder,
        iteration: int,
        device: str,
        input_shape: Voxels,
        source: Source,
        copy: Path | None,
    ) -> Self:
        """For processes that open all of it themselves."""
        normalization = folder.saved_run().datasplit.normalization
        return cls(
            NetworkOf(folder, iteration, device, input_shape),
            ImageOf(source, folder.root),
            ImageOf(source, folder.root, normalization, copy),
        )


@lru_cache(maxsize=3)  # an image, as it is and as the network is given it, and a mask
def _opened(image: ImageOf) -> Array:
    plain = cached(image.source.open(image.root), image.kept_bytes)
    return normalised(
        plain if image.copy is None else with_copy(plain, image.copy), image.source, image.normalization
    )


@contextmanager
def closing_images() -> Iterator[None]:
    """What was opened in this process is closed afterwards, and what was kept of it is given back."""
    try:
        yield
    finally:
        _opened.cache_clear()


def normalised(plain: Array, source: Source | Array, normalization: Normalization | None) -> Array:
    """The image with the intensities the network was trained on; `source`: where it is from."""
    if normalization is None or (isinstance(source, Source) and source.is_normalized):
        return plain
    return normalization.apply(plain)


@lru_cache(maxsize=1)
def _loaded(network: NetworkOf) -> Network:
    trained = load_trained(network.folder, iteration=network.iteration, device=network.device)
    return network_of(trained, network.input_shape)
