"""What a person sets in napari's Preferences, and what becomes of it."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from napari.settings import get_plugin_settings

import napari_dacapo
from napari_dacapo.store.workspace import VARIABLE, Workspace, default_workspace
from napari_dacapo.widgets.preferences import (
    PAGE,
    PLUGIN,
    Preferences,
    saved_preferences,
    unusable_preferences,
)

MANIFEST = yaml.safe_load((Path(napari_dacapo.__file__).parent / "napari.yaml").read_text())


@pytest.fixture
def page() -> Iterator[Any]:
    """The page of napari's settings, not written to the disk."""
    settings = get_plugin_settings(PLUGIN)
    assert settings.config_path is None
    yield getattr(settings, PAGE)
    settings.reset()


def test_napari_shows_the_fields_of_the_record() -> None:
    schema = Preferences.model_json_schema()["properties"]
    assert MANIFEST["contributions"]["configurations"][PAGE]["properties"] == schema


def test_without_a_choice_they_are_the_defaults(page: Any) -> None:
    assert saved_preferences() == Preferences()


def test_what_is_set_in_napari_is_taken(page: Any) -> None:
    page.device, page.threads, page.checkpoints = "cpu", 3, 12
    assert saved_preferences() == Preferences(device="cpu", threads=3, checkpoints=12)


def test_all_cores_but_one_compute_unless_a_number_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert [Preferences(threads=n).network_threads for n in (0, 1, 20)] == [7, 1, 20]


@pytest.mark.parametrize(
    ("typed", "variable", "expected"),
    [
        ("", "", default_workspace()),
        ("  ", "", default_workspace()),
        ("/data/mine", "", Workspace(Path("/data/mine"))),
        ("~/mine ", "", Workspace(Path.home() / "mine")),
        ("/data/mine", "/data/named", Workspace(Path("/data/named"))),
    ],
)
def test_the_workspace_is_the_variables_then_the_preferred_then_the_usual(
    monkeypatch: pytest.MonkeyPatch, typed: str, variable: str, expected: Workspace
) -> None:
    monkeypatch.setenv(VARIABLE, variable)
    assert Preferences(workspace=typed).open_workspace() == expected


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("engine:\n  threads: 5\n", ""),
        ("", ""),
        ("engine:\n  threads: many\n", "threads"),
        ("engine:\n  device: tpu\n", "device"),
        ("engine:\n  checkpoints: 0\n", "checkpoints"),
        ('engine:\n  workspace: "a\\0b"\n', "workspace"),
        ("engine: 5\n", "holds no preferences"),
        ("- 1\n", "holds no preferences"),
        ("engine: [1,2", "cannot be read"),
    ],
)
def test_what_is_wrong_in_their_file_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: str, told: str
) -> None:
    settings = SimpleNamespace(config_path=tmp_path / "settings.yaml")
    monkeypatch.setattr("napari.settings.get_settings", lambda: settings)
    (tmp_path / "napari-dacapo.yaml").write_text(written)
    sentence = unusable_preferences()
    assert told in sentence and len(sentence) <= 300
    assert bool(sentence) == bool(told)


def test_what_napari_lets_pass_and_is_wrong_is_the_default(page: Any) -> None:
    page.workspace, page.threads = "a\0b", 3
    assert saved_preferences() == Preferences(threads=3)


def test_a_file_that_napari_cannot_use_gives_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Any:
        raise AssertionError("- 1")

    monkeypatch.setattr("napari.settings.get_plugin_settings", refuse)
    assert saved_preferences() == Preferences()
