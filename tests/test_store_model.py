"""The store beside a plain dict: the same after any series of changes, crashes and reopenings."""

import os
import shutil
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from store_faults import FailingDisk, PowerCutError
from store_records import FAMILIES, Ball, Shape, Trial, state

from napari_dacapo.errors import UserInputError
from napari_dacapo.store.store import Store

names = st.sampled_from(["a", "A", "b", "ä", "a\u0308", "c-2"])
radii = st.integers(0, 3)
points = st.integers(0, 20) | st.none()  # where the power is cut; nothing: nowhere
windows = st.integers(0, 1)


def key(name: str) -> str:
    return {"A": "a", "a\u0308": "ä"}.get(name, name)


class StoreMachine(RuleBasedStateMachine):
    """Two windows on one store. The model: shapes by name, trials by name with what they were made from."""

    @initialize()
    def open(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(os, "fsync", lambda descriptor: None)
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "store.json"
        self.windows = [Store(self.path), Store(self.path)]
        self.shapes: dict[str, tuple[str, int]] = {}  # folded name -> name, radius
        self.trials: dict[str, str] = {}  # name -> folded name of its shape
        self.revision = 0

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.patch.undo()
            shutil.rmtree(self.folder)

    def model(self) -> dict[str, tuple]:
        records = {
            f"Shape/{name}": (Ball(radius=radius).to_json(), {}) for name, radius in self.shapes.values()
        }
        for trial, shape in self.trials.items():
            records[f"Trial/{trial}"] = (Trial().to_json(), {"shape": self.shapes[shape][0]})
        return records

    def change(self, act, new_shapes, new_trials, point) -> None:
        """Do it to the store; to the model too, if it happened."""
        before, old = self.model(), (self.shapes, self.trials)
        self.shapes, self.trials = new_shapes, new_trials
        if point is None:
            act()
            return
        with pytest.MonkeyPatch.context() as patch:
            FailingDisk(patch, at=point, fault="cut")
            try:
                act()
                return
            except PowerCutError:
                pass
        self.windows = [Store(self.path), Store(self.path)]
        if state(self.path) == before:
            self.shapes, self.trials = old

    @rule(window=windows, name=names, radius=radii, overwrite=st.booleans(), point=points)
    def save(self, window, name, radius, overwrite, point) -> None:
        known = self.shapes.get(key(name))
        store = self.windows[window]
        if known is not None and known[1] != radius and not overwrite:
            with pytest.raises(UserInputError):
                store.save(Shape, name, Ball(radius=radius))
            return
        stored = known[0] if known else {"a\u0308": "ä"}.get(name, name)
        new = self.shapes | {key(name): (stored, radius)}
        self.change(
            lambda: store.save(Shape, name, Ball(radius=radius), overwrite=overwrite), new, self.trials, point
        )

    @rule(window=windows, name=names, trial=st.sampled_from(["x", "y"]))
    def save_trial(self, window, name, trial) -> None:
        if key(name) in self.shapes:
            self.windows[window].save(Trial, trial, Trial(), made_from={"shape": self.shapes[key(name)][0]})
            self.trials = self.trials | {trial: key(name)}

    @rule(window=windows, name=names, new_name=names, point=points)
    def rename(self, window, name, new_name, point) -> None:
        store = self.windows[window]
        if key(name) not in self.shapes or (key(new_name) in self.shapes and key(name) != key(new_name)):
            with pytest.raises(UserInputError):
                store.rename(Shape, name, new_name)
            return
        new = dict(self.shapes)
        _, radius = new.pop(key(name))
        new[key(new_name)] = ({"a\u0308": "ä"}.get(new_name, new_name), radius)
        trials = {t: key(new_name) if shape == key(name) else shape for t, shape in self.trials.items()}
        self.change(lambda: store.rename(Shape, name, new_name), new, trials, point)

    @rule(window=windows, name=names, point=points)
    def delete(self, window, name, point) -> None:
        store = self.windows[window]
        users = sorted(trial for trial, shape in self.trials.items() if shape == key(name))
        if key(name) not in self.shapes or users:
            reason = f"{users[0]}.* made from it" if key(name) in self.shapes else "no Shape has this name"
            with pytest.raises(UserInputError, match=reason):
                store.delete(Shape, name)
            return
        new = {known: shape for known, shape in self.shapes.items() if known != key(name)}
        self.change(lambda: store.delete(Shape, name), new, self.trials, point)

    @rule(window=windows)
    def delete_trials(self, window) -> None:
        for trial in self.trials:
            self.windows[window].delete(Trial, trial)
        self.trials = {}

    @rule(window=windows)
    def export_and_import(self, window) -> None:
        report = self.windows[window].import_json(self.windows[1 - window].export_json(), families=FAMILIES)
        assert len(report.unchanged) == len(self.model())

    @rule()
    def damage_and_restore(self) -> None:
        if self.path.exists():
            self.path.write_bytes(self.path.read_bytes() + b"\0")
            self.windows[0].restore_backup()

    @rule()
    def reopen(self) -> None:
        self.windows = [Store(self.path), Store(self.path)]

    @invariant()
    def both_windows_and_a_new_one_read_the_model(self) -> None:
        for window in (*self.windows, Store(self.path)):
            assert window.names(Shape) == tuple(name for _, (name, _) in sorted(self.shapes.items()))
            for name, radius in self.shapes.values():
                assert window.read(Shape, name) == Ball(radius=radius)
        assert state(self.path) == self.model()

    @invariant()
    def the_revision_never_falls(self) -> None:
        assert self.windows[0].revision >= self.revision
        self.revision = self.windows[0].revision


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
