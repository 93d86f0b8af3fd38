"""Runs made of named components: one for every combination of names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from napari_dacapo.experiments.run import Run
from napari_dacapo.store.names import checked_name, folded
from napari_dacapo.store.store import Store

COMPONENTS = ("datasplit", "architecture", "task", "trainer")


@dataclass(frozen=True, slots=True)
class Combination:
    """A run, what it is called, and the names of the components it holds copies of."""

    name: str
    run: Run
    made_from: dict[str, str]


def combinations(
    store: Store,
    name: str,
    components: Mapping[str, Sequence[str]],
    repetitions: int = 1,
    values: Mapping[str, Any] | None = None,
) -> Iterator[Combination]:
    """Every combination of the components' names, `repetitions` times, each under a name of its own.

    `values` are other fields of every run, also components that are in no store. "a" of the networks small
    and large gives a-small and a-large, twice gives a-small-0, a-small-1 and so on. Raises UserInputError
    for a name that is not in the store, or that no run can have.
    """
    several = [component for component, names in components.items() if len(set(names)) > 1]
    for chosen in product(*map(dict.fromkeys, components.values())):
        made_from = dict(zip(components, chosen, strict=True))
        copies = {each: store.read(component_type(each), used) for each, used in made_from.items()}
        for repetition in range(repetitions):
            parts = [name, *(made_from[component] for component in several)]
            counted = {"repetition": repetition} if repetitions > 1 else {}
            parts += [str(repetition) for _ in counted]
            run = Run(**{**(values or {}), **copies, **counted})
            yield Combination(checked_name("-".join(parts)), run, made_from)


def save_runs(store: Store, made: Iterable[Combination], overwrite: bool = False) -> tuple[str, ...]:
    """Save all of them, or none where one has the name of another run; their names."""
    runs, taken = tuple(made), {folded(name) for name in store.names(Run)}
    for each in sorted(runs, key=lambda each: folded(each.name) not in taken):  # what may be refused first
        store.save(Run, each.name, each.run, overwrite=overwrite, made_from=each.made_from)
    return tuple(each.name for each in runs)


def component_type(component: str) -> type[Any]:
    """The type of a run's component: `Task` of "task"."""
    found: Any = Run.model_fields[component].annotation
    return found  # type: ignore[no-any-return]
