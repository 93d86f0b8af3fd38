"""What the pages suggest for the data; measured in a thread."""

from __future__ import annotations

from pathlib import Path

from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.experiments.suggesting.suggest import Suggestion, suggest_for


def suggestion_for(datasplit: DataSplit, root: Path) -> Suggestion:
    """Raises UserInputError for data that cannot be opened, or have no labels."""
    return suggest_for(datasplit.training(root))
