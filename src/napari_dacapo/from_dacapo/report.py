"""What became of a project of DaCapo, record by record and field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from napari_dacapo.config import Config
from napari_dacapo.from_dacapo.documents import plain
from napari_dacapo.from_dacapo.fields import Line
from napari_dacapo.store.exchange import ImportReport


@dataclass(frozen=True, slots=True)
class Account:
    """One record: what it became, or why it was not taken over."""

    family: type[Config]
    name: str
    record: Config | None
    problem: str
    lines: tuple[Line, ...]

    @property
    def title(self) -> str:
        return f"{self.family.__name__.lower()} {self.name}"

    def text(self) -> Iterator[str]:
        if self.record is None:
            yield f"{self.title}: not taken over. {self.problem}"
            return
        yield f"{self.title}: taken over as {type(self.record).__name__}"
        for line in self.lines:
            what = " ".join(filter(None, (line.field, plain(line.value) if line.value != "" else "")))
            fate = f"-> {line.ours}" if line.ours else "left out"
            yield "    " + " ".join(filter(None, (what, fate))) + (f" ({line.why})" if line.why else "")


@dataclass(frozen=True, slots=True)
class Brought:
    """All of a project."""

    accounts: tuple[Account, ...]
    stored: ImportReport
    unreadable: dict[str, str]  # why, by file
    weights: dict[str, str]  # what became of the weights, by run

    def text(self) -> Iterator[str]:
        for account in self.accounts:
            yield from account.text()
        for file, why in self.unreadable.items():
            yield f"{file}: not read, {why}"
        for run, what in self.weights.items():
            yield f"weights of {run}: {what}"
        yield self.summary

    @property
    def summary(self) -> str:
        """How many were taken over and how many not, and why the first of those was not."""
        problems = [account.problem for account in self.accounts if account.record is None]
        problems += [f"{file}: {why}." for file, why in self.unreadable.items()]
        return " ".join((f"{self.stored} {len(problems)} not taken over.", *problems[:1]))
