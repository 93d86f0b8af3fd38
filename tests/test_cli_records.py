"""The command line's records: list, show, create, rename, delete, export, import."""

import json
import os
import shutil
from pathlib import Path

import pytest
from command_line import CommandLine, as_json, fill
from store_records import tree

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.architectures.unet import UNet
from napari_dacapo.experiments.run import Run
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "ws"
    fill(folder)
    return folder


@pytest.fixture
def call(filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """Of a workspace with one record of every family."""
    shutil.copytree(filled, tmp_path / "ws")
    return CommandLine(tmp_path / "ws", capsys)


def test_everything_is_listed_with_its_kind(call: CommandLine) -> None:
    assert call.done("list").splitlines() == [
        "family        name    kind",
        "datasplit     cells   ListedDatasets",
        "architecture  small   UNet",
        "task          edges   Affinities",
        "trainer       gentle",
        "run           first   0 of 6 iterations, cells, small, edges, gentle",
    ]


@pytest.mark.parametrize("word", ["task", "tasks", "Task"])
def test_one_family_is_listed_by_any_of_its_names(call: CommandLine, word: str) -> None:
    assert call.done("list", word).splitlines()[1:] == ["task    edges  Affinities"]


def test_a_record_that_cannot_be_read_is_listed_with_the_others(call: CommandLine) -> None:
    store = call.workspace.path / "store.json"
    store.write_text(store.read_text().replace('"kind": "UNet"', '"kind": "Elsewhere"'))
    assert "small   Elsewhere" in call.done("list")
    answer = call("show", "architecture", "small")
    assert answer.code == 3 and "Elsewhere" in answer.err and "UNet" in answer.err
    assert call.done("delete", "run", "first") == "deleted run first\n"


def test_a_family_without_records_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = CommandLine(tmp_path, capsys)("list", "task")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == f"No task is stored in {tmp_path} yet.\n"


def test_a_mistyped_workspace_is_said_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = CommandLine(tmp_path / "nowhere", capsys)("list")
    assert answer.code == 3 and "there is no such folder" in answer.err
    assert not (tmp_path / "nowhere").exists()


def test_the_workspace_is_that_of_the_variable(
    call: CommandLine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NAPARI_DACAPO_WORKSPACE", str(call.workspace.path))
    monkeypatch.setattr("sys.argv", ["napari-dacapo", "list", "task"])
    from napari_dacapo.cli.command import cli

    cli(standalone_mode=False)
    assert "edges" in capsys.readouterr().out


def test_a_narrow_terminal_hides_no_words(call: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    call.on_terminal = True
    assert "0 of 6 iterations, cells, small, edges, gentle" in call.done("list", "run")


def test_what_show_prints_create_takes(call: CommandLine, tmp_path: Path) -> None:
    text = call.done("show", "architecture", "SMALL")
    assert '  "downsample_factors": [[2, 2, 2]],' in text.splitlines()
    file = tmp_path / "small.json"
    file.write_text(text)
    assert call.done("create", "architecture", "copy", "--json", file) == "saved architecture copy\n"
    store = call.workspace.store
    assert store.read(Architecture, "copy") == store.read(Architecture, "small")


def test_a_family_is_described_by_its_kinds_and_fields(call: CommandLine) -> None:
    text = call.done("show", "architecture")
    assert "UNet: A U-Net" in text
    assert "  num_fmaps: integer = 12 " in text
    assert "  downsample_factors: [[integer, ...], ...] = [[2, 2, 2], [2, 2, 2]]" in text
    assert '  padding: valid | same = "valid"' in text


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("run", "  start: Start = Scratch"),
        ("trainers", "  clip_gradient_norm: number | null = 10.0"),
        ("augment", "Mirror: "),
        ("mutexwatershed", "  bias: [number, ...] = "),
        ("Dataset", "  raw: Source"),
        ("File", "  array: text = "),
    ],
)
def test_whatever_a_field_may_hold_is_described(call: CommandLine, word: str, line: str) -> None:
    assert line in call.done("show", word)


def test_a_description_fits_the_terminal(call: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, call.done("show", "run").splitlines())) <= 80


CREATED = [
    (("architecture", "wide", "-k", "UNet", "-s", "num_fmaps=8"), UNet(num_fmaps=8)),
    (("task", "t", "--kind", "Affinities", "--set", "lowest_share=0.1"), Affinities(lowest_share=0.1)),
    (("trainer", "t", "-s", "learning_rate=1e-4", "-s", "optimizer=SGD"),
     Trainer(learning_rate=1e-4, optimizer="SGD")),
    (("trainer", "t", "-s", "augments=[]", "-s", "clip_gradient_norm=null"),
     Trainer(augments=(), clip_gradient_norm=None)),
    (("architecture", "细胞 ü", "-k", "UNet", "-s", "padding=same"), UNet(padding="same")),
]  # fmt: skip


@pytest.mark.parametrize(("words", "record"), CREATED, ids=[" ".join(words) for words, _ in CREATED])
def test_fields_are_set_by_json_or_plain_text(call: CommandLine, words: tuple[str, ...], record) -> None:
    call.done("create", *words)
    assert call.workspace.store.read(type(record), words[1]) == record


def test_what_is_set_wins_over_the_file(call: CommandLine, tmp_path: Path) -> None:
    file = as_json(tmp_path / "t.json", {"kind": "Affinities", "lowest_share": 0.2, "highest_share": 0.8})
    nested = 'postprocessor={"kind":"MutexWatershed","bias":[0.3]}'
    call.done("create", "task", "t", "-j", file, "-s", "lowest_share=0.1", "-s", nested)
    task = call.workspace.store.read(Task, "t")
    assert isinstance(task, Affinities)
    assert (task.lowest_share, task.highest_share) == (0.1, 0.8)
    assert task.postprocessor.to_json()["bias"] == [0.3]


def test_several_names_and_repetitions_make_a_run_of_every_combination(call: CommandLine) -> None:
    call.done("create", "trainer", "fast", "-s", "learning_rate=0.01")
    words = ("-D", "cells", "-A", "small", "-T", "edges", "-R", "gentle", "-R", "fast", "-R", "gentle")
    answer = call.done("create", "run", "grid", *words, "--repetitions", 2, "-s", "iterations=7")
    names = ["grid-gentle-0", "grid-gentle-1", "grid-fast-0", "grid-fast-1"]
    assert answer.splitlines() == [f"saved run {name}" for name in names]
    store = call.workspace.store
    runs = [store.read(Run, name) for name in names]
    assert [(run.trainer.learning_rate, run.repetition) for run in runs] == [
        (1e-3, 0),
        (1e-3, 1),
        (1e-2, 0),
        (1e-2, 1),
    ]
    assert {run.iterations for run in runs} == {7}
    assert store.used_by(Trainer, "fast") == ("grid-fast-0", "grid-fast-1")


def test_a_run_can_be_made_from_another(call: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "first.json"
    file.write_text(call.done("show", "run", "first"))
    call.done("create", "run", "longer", "-j", file, "-s", "iterations=9")
    store = call.workspace.store
    assert store.read(Run, "longer") == store.read(Run, "first").replace(iterations=9)


def test_of_names_of_which_one_is_too_long_none_is_saved(call: CommandLine) -> None:
    call.done("rename", "task", "edges", "e" * 60)
    call.done("create", "task", "f", "-k", "Affinities")
    words = ("-D", "cells", "-A", "small", "-T", "f", "-T", "e" * 60, "-R", "gentle")
    assert call("create", "run", "r" * 50, *words).code == 3
    assert call.workspace.store.names(Run) == ("first",)


REFUSED = [
    (("create", "task", "t"), 3, 'the field "kind" is missing. Known kinds of Task: Affinities'),
    (("create", "task", "t", "-k", "Afinities"), 3, "Did you mean Affinities?"),
    (("create", "architecture", "a", "-k", "UNet", "-s", "num_fmap=3"), 3,
     "num_fmap is 3: no such field. Did you mean num_fmaps?\n"),
    (("create", "task", "t", "-k", "Affinities", "-s", 'postprocessor={"kind":"MutexWatershed","bais":1}'), 3,
     "postprocessor.bais is 1: no such field. Did you mean bias?\n"),
    (("create", "trainer", "t", "-s", "seed=x", "-s", "batch_size=0"), 3, "\n  seed is 'x'"),
    (("create", "trainer", "t", "-s", "seed"), 3, "there is no =. Write field=value"),
    (("create", "trainer", "t", "-s", "augments=[[["), 3, "this is no JSON. Quote it"),
    (("create", "trainer", "t", "-s", "augments=" + "[" * 90_000), 3, "this is no JSON"),
    (("create", "trainer", "t", "-s", "learning_rate=NaN"), 3, "learning_rate is 'NaN'"),
    (("create", "trainer", "gentle", "-s", "seed=7"), 3, "'gentle-2' is free; or overwrite the other"),
    (("create", "trainer", "../t"), 3, "character 3 is /"),
    (("create", "trainer", "t", "-k", "Trainer"), 2, "No such option"),
    (("create", "architecture", "a", "--json", "gone.json"), 2, "does not exist"),
    (("create", "run", "r", "-D", "cells", "-A", "small", "-T", "edges"), 3,
     "a run needs a trainer. Give the name of one with -R"),
    (("create", "run", "r", "-D", "cels", "-A", "small", "-T", "edges", "-R", "gentle"), 3,
     "'cels': no DataSplit has this name. Nearest: cells"),
    (("list", "tsk"), 2, "'tsk' is not one of 'datasplit', 'architecture', 'task', 'trainer', 'run'"),
    (("show", "Mutex"), 3, "Nearest: MutexWatershed"),
    (("show", "qqq"), 3, "Families: datasplit, architecture, task, trainer, run"),
    (("show", "task", "egdes"), 3, "name is 'egdes': no Task has this name. Nearest: edges"),
    (("rename", "task", "edges", ""), 3, "a name is needed"),
    (("rename", "run", "frist", "second"), 3, "no Run has this name. Nearest: first"),
    (("delete", "task", "edges"), 3, "first was made from it. Confirm to delete it"),
    (("train", "first", "second"), 3, "name is 'second': no Run has this name"),
    (("train", "first", "--iterations", "0"), 2, "x>=1"),
    (("scores", "first"), 5, "Nothing was trained in"),
    (("validate", "first"), 5, "Nothing was trained in"),
    (("compare",), 3, "none was validated yet"),
    (("frobnicate",), 2, "No such command"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "text"), REFUSED, ids=[" ".join(words)[:50] for words, _, _ in REFUSED]
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    call: CommandLine, words: tuple[str, ...], code: int, text: str
) -> None:
    before = tree(call.workspace.path)
    answer = call(*words)
    assert answer.code == code
    assert text in answer.err, answer.err
    assert answer.out == "" and "Traceback" not in answer.err
    assert tree(call.workspace.path) == before


def test_a_different_record_is_replaced_only_if_asked(call: CommandLine) -> None:
    assert call.done("create", "trainer", "gentle", "-s", "seed=7", "--overwrite") == "saved trainer gentle\n"
    assert call.workspace.store.read(Trainer, "gentle").seed == 7


def test_a_renamed_component_is_followed_by_its_runs(call: CommandLine) -> None:
    assert call.done("rename", "task", "edges", "Kanten") == "renamed task edges to Kanten\n"
    assert "Kanten" in call.done("list", "run")


def test_a_component_that_runs_were_made_from_is_deleted_only_if_confirmed(call: CommandLine) -> None:
    call.done("delete", "task", "edges", "--yes")
    assert call.workspace.store.names(Task) == ()
    assert call.workspace.store.names(Run) == ("first",)


def test_records_travel_to_another_workspace(call: CommandLine, tmp_path: Path, capsys) -> None:
    file = tmp_path / "all.json"
    assert call.done("export", file) == f"wrote 5 records to {file}\n"
    other = CommandLine(tmp_path / "other", capsys)
    assert other.done("import", file) == "5 added, 0 replaced, 0 already there.\n"
    assert other.done("import", file) == "0 added, 0 replaced, 5 already there.\n"
    assert other.done("list") == call.done("list")


def test_single_records_travel(call: CommandLine, tmp_path: Path, capsys) -> None:
    file = tmp_path / "some.json"
    assert call.done("export", file, "task/edges", "runs/first") == f"wrote 2 records to {file}\n"
    other = CommandLine(tmp_path / "other", capsys)
    other.done("import", file)
    assert len(other.done("list").splitlines()) == 3


def test_an_import_replaces_other_records_only_if_asked(call: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "all.json"
    call.done("export", file)
    call.done("create", "trainer", "gentle", "-s", "seed=7", "--overwrite")
    answer = call("import", file)
    assert answer.code == 3 and "Trainer/gentle is another record" in answer.err
    assert call.done("import", file, "--overwrite") == "0 added, 1 replaced, 4 already there.\n"


EXPORTS = [
    (("all.json",), 3, "it is there already. Choose another, or add --overwrite"),
    (("nowhere/all.json",), 3, "there is no folder nowhere"),
    (("b.json", "edges"), 3, "Write family/name"),
    (("b.json", "task/edgs"), 3, "Nearest: edges"),
    (("b.json", "tsk/edges"), 2, "'tsk' is not one of"),
]


@pytest.mark.parametrize(("words", "code", "text"), EXPORTS, ids=[" ".join(words) for words, _, _ in EXPORTS])
def test_an_export_that_cannot_be_writes_nothing(
    call: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    code: int,
    text: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("all.json").write_text("mine")
    answer = call("export", *words)
    assert answer.code == code and text in answer.err
    assert Path("all.json").read_text() == "mine" and not Path("b.json").exists()


def test_the_system_is_quoted_where_it_refuses(call: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    answer = call("create", "trainer", "t", "--json", tmp_path / "loop")
    assert answer.code in (1, 2) and "Traceback" not in answer.err
    shutil.rmtree(call.workspace.path / "runs", ignore_errors=True)
    os.rename(call.workspace.path / "store.json", tmp_path / "kept.json")
    (call.workspace.path / "store.json").mkdir()
    answer = call("list")
    assert answer.code == 4 and answer.err.startswith("Error: ")
    assert json.loads((tmp_path / "kept.json").read_text())


def test_a_damaged_store_is_brought_back_by_the_command_its_error_names(call: CommandLine) -> None:
    store = call.workspace.path / "store.json"
    store.write_bytes(store.read_bytes()[:-40])
    refused = call("list")
    assert refused.code == 4 and "`napari-dacapo restore`" in refused.err
    assert "brought back from store.json" in call.done("restore")
    assert "small   UNet" in call.done("list")
    assert list(call.workspace.path.glob("store.json.damaged-1"))
    whole = call("restore")
    assert whole.code == 4 and "is whole" in whole.err
