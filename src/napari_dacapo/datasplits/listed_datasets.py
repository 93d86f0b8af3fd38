"""Datasets listed one by one."""

import warnings
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator

from napari_dacapo.datasplits.dataset import Dataset, Entries, Entry, OpenDatasets
from napari_dacapo.datasplits.datasplit import DataSplit

with warnings.catch_warnings():  # pydantic's own, long deprecated `validate` is of no use here
    warnings.filterwarnings("ignore", 'Field name "validate"')

    class ListedDatasets(DataSplit):
        """Datasets listed one by one: those that train and those that validate."""

        train: Annotated[tuple[Dataset, ...], Field(min_length=1)]
        "The datasets that train."

        validate: tuple[Dataset, ...] = Field()  # type: ignore[assignment]
        "The datasets that validate, each with its own title; an empty list: no validation."

        @field_validator("validate")
        @classmethod
        def _different(cls, datasets: tuple[Dataset, ...]) -> tuple[Dataset, ...]:
            titles = [dataset.title for dataset in datasets]
            twice = next((title for title in titles if titles.count(title) > 1), None)
            if twice is not None:
                raise ValueError(f"two datasets have the title {twice!r}. Give each its own")
            return datasets

        def training(self, root: Path = Path()) -> OpenDatasets:
            return tuple(dataset.open(root, self.normalization) for dataset in self.train)

        def validation(self, root: Path = Path()) -> OpenDatasets:
            return tuple(dataset.open(root, self.normalization) for dataset in self.validate)

        @property
        def entries(self) -> Entries:
            return (*map(Entry, self.train), *(Entry(each, True) for each in self.validate))

        def renumbered(self, ids: tuple[int, ...]) -> Self:
            parts = {"train": self.train, "validate": self.validate}
            changed = {
                name: tuple(each.renumbered(ids) for each in datasets) for name, datasets in parts.items()
            }
            return self.replace(**changed)
