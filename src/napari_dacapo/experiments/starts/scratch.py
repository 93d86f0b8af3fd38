"""Fresh weights."""

from pathlib import Path

from napari_dacapo.experiments.starts.start import Start


class Scratch(Start):
    """Begin with fresh random weights."""

    def weights(self, root: Path, own_bytes: int) -> None:
        return None
