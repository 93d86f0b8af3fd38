"""What people read about a model."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, field_validator

from napari_dacapo.config import Config

UNET_PAPER = "Ronneberger et al. 2015, U-Net"
UNET_DOI = "10.1007/978-3-319-24574-4_28"

SHORTEST = 5  # characters of a title that catalogues take

Text = Annotated[str, Field(min_length=1, max_length=1024)]


class ModelCard(Config):
    """What people read about an exported model: who made it, what it does, what may be done with it."""

    title: Annotated[str, Field(min_length=SHORTEST, max_length=128)] = "Segmentation network"
    "What the model is called: letters, numbers, spaces, and - _ + ( ); five or more."

    description: Text = "A segmentation network trained with napari-dacapo."
    "One sentence on what it does, and on which images."

    authors: Annotated[tuple[Text, ...], Field(min_length=1)] = ("unknown",)
    "Who made it."

    license: Text = "CC-BY-4.0"
    "What may be done with it, as SPDX calls it: CC-BY-4.0, MIT, BSD-3-Clause."

    cite: Text = UNET_PAPER
    "What to cite who uses it."

    doi: Text = UNET_DOI
    "The digital object identifier of that."

    documentation: str = ""
    "Markdown text that stands before what is known of the run."

    @classmethod
    def of_run(cls, name: str) -> ModelCard:
        """What is known of a run that nobody wrote about."""
        plain = re.sub(r"[^\w\-+() ]+", " ", name)
        return cls(title=plain if len(plain) >= SHORTEST else f"{plain} network")

    @field_validator("title")
    @classmethod
    def _is_plain(cls, title: str) -> str:
        if not re.fullmatch(r"[\w\-+() ]+", title):
            raise ValueError("it holds a character that catalogues of models refuse. Use letters and numbers")
        return title

    @field_validator("doi")
    @classmethod
    def _is_doi(cls, doi: str) -> str:
        if not re.fullmatch(r"10\.[0-9]{4,}[^\s/]*/\S+", doi):
            raise ValueError("it is no digital object identifier. Write such as 10.1000/xyz123")
        return doi
