"""Runs of every combination of named components, saved all or none."""

from pathlib import Path

import pytest
import tiny

from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.combinations import COMPONENTS, combinations, save_runs
from napari_dacapo.experiments.run import Run
from napari_dacapo.store.store import Store
from napari_dacapo.trainers.trainer import Trainer

NAMES = {component: [component] for component in COMPONENTS}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return tiny.run(tmp_path_factory.mktemp("data"))


@pytest.fixture
def store(tmp_path: Path, run: Run) -> Store:
    """A component of each kind under its own name, and a second trainer."""
    found = Store(tmp_path / "store.json")
    for component in COMPONENTS:
        record = getattr(run, component)
        found.save(type(record), component, record)
    found.save(Trainer, "fast", Trainer(learning_rate=0.01))
    return found


def test_what_differs_is_in_the_name(store: Store) -> None:
    chosen = NAMES | {"trainer": ["trainer", "fast", "trainer"]}
    made = list(combinations(store, "a", chosen, 2, {"iterations": 7}))
    assert [(each.name, each.run.repetition) for each in made] == [
        ("a-trainer-0", 0),
        ("a-trainer-1", 1),
        ("a-fast-0", 0),
        ("a-fast-1", 1),
    ]
    assert {each.run.iterations for each in made} == {7}
    assert made[2].run.trainer == Trainer(learning_rate=0.01)
    assert made[2].made_from == dict(zip(COMPONENTS, COMPONENTS, strict=True)) | {"trainer": "fast"}


def test_one_of_each_keeps_the_name(store: Store) -> None:
    assert [each.name for each in combinations(store, "a", NAMES)] == ["a"]


def test_a_component_may_be_a_value(store: Store, run: Run) -> None:
    given = {component: [component] for component in COMPONENTS[1:]}
    (made,) = combinations(store, "a", given, values={"datasplit": run.datasplit})
    assert made.run.datasplit == run.datasplit
    assert "datasplit" not in made.made_from


def test_the_same_runs_are_saved_twice_without_a_change(store: Store) -> None:
    for _ in range(2):
        assert save_runs(store, combinations(store, "a", NAMES, 2)) == ("a-0", "a-1")
    assert store.names(Run) == ("a-0", "a-1")


def test_of_names_of_which_one_is_taken_none_is_saved(store: Store, run: Run) -> None:
    store.save(Run, "A-2", run.replace(iterations=99))
    with pytest.raises(UserInputError, match="another Run has this name"):
        save_runs(store, combinations(store, "a", NAMES, 3))
    assert store.names(Run) == ("A-2",)
    assert save_runs(store, combinations(store, "a", NAMES, 3), overwrite=True) == ("a-0", "a-1", "a-2")


def test_a_name_that_no_run_can_have_is_refused_before_anything_is_saved(store: Store) -> None:
    store.save(Trainer, "t" * 60, Trainer(seed=3))
    chosen = NAMES | {"trainer": ["fast", "t" * 60]}
    with pytest.raises(UserInputError, match="characters"):
        save_runs(store, combinations(store, "r" * 50, chosen))
    assert store.names(Run) == ()
