"""What the documentation says is so: a page for every kind, links that lead somewhere, examples that run."""

import gc
import importlib
import os
import re
import runpy
import shlex
from collections.abc import Iterator
from inspect import isabstract
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml
from click import Context, Group

from napari_dacapo.cli.command import cli
from napari_dacapo.config import Config, Family
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.score import ObjectScore
from napari_dacapo.tasks.affinities import Affinities

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "napari_dacapo"
WRITTEN = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
BLOCK = re.compile(r"(<!-- not run: [^\n]+ -->\n)?^```(\w+)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def hook(name: str) -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS / "hooks"))
        return importlib.import_module(name)


records, fields, commands = hook("record_pages"), hook("record_fields"), hook("command_pages")
PAGES: dict[str, str] = records.pages()
COMMANDS = dict(commands.commands())


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path, *languages: str) -> list[tuple[str, str]]:
    """(language, text) of the blocks that run, in their order."""
    found = BLOCK.findall(path.read_text())
    return [(language, text) for not_run, language, text in found if language in languages and not not_run]


def families() -> list[type[Family]]:
    """Every class directly below Family, found in the source, whether or not a run names it."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        for name in re.findall(r"^class (\w+)\(Family\):", path.read_text(), re.M):
            module = ".".join(("napari_dacapo", *path.relative_to(SOURCE).with_suffix("").parts))
            found.append(getattr(importlib.import_module(module), name))
    return found


ALL_RECORDS: list[type[Config]] = [
    *records.records(),
    *(kind for family in families() for kind in records.kinds(family)),
]


@pytest.mark.parametrize("family", families(), ids=lambda family: family.__name__)
def test_every_kind_of_every_family_has_a_page(family: type[Family]) -> None:
    overview = PAGES[records.place_of(family)]
    for kind in records.kinds(family):
        assert PAGES[records.place_of(kind)].startswith(f"# {kind.__name__}\n")
        assert f"[{kind.__name__}]({kind.__name__}.md)" in overview


@pytest.mark.parametrize("record", ALL_RECORDS, ids=lambda record: record.__name__)
def test_a_record_and_each_of_its_fields_are_explained(record: type[Config]) -> None:
    assert record.__doc__
    page = PAGES[records.place_of(record)]
    for name, info in record.model_fields.items():
        assert info.description, name
        assert isabstract(record) or info.description.replace("|", "\\|") in page


def test_a_page_has_a_row_for_each_field() -> None:
    page = PAGES["records/Architecture/UNet.md"]
    assert "| `num_fmaps` | integer (1 to 1,024) | `12` | Feature maps at the finest level. |" in page
    assert "A kind of [Architecture](index.md)." in page


def test_kinds_with_something_in_common_stand_together() -> None:
    page = PAGES["records/Step/index.md"]
    assert page.index("[Crop](Crop.md)") < page.index("## Normalization") < page.index("[MinMax](MinMax.md)")


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer"}, "integer"),
        ({"type": "integer", "minimum": 1}, "integer (at least 1)"),
        ({"type": "integer", "minimum": 0, "maximum": 65536}, "integer (0 to 65,536)"),
        ({"type": "number", "exclusiveMinimum": 0.0, "maximum": 10.0}, "number (above 0 and at most 10)"),
        ({"type": "boolean"}, "`true` or `false`"),
        ({"enum": ["valid", "same"], "type": "string"}, "`valid` or `same`"),
        ({"type": "array", "items": {"type": "string"}}, "list of texts"),
        (
            {"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": "integer", "minimum": 1}},
            "list of 2 to 3 integers (at least 1)",
        ),
        ({"type": "array", "items": {"$ref": "#/$defs/Augment"}}, "list of <Augment>"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number or nothing"),
    ],
)
def test_a_type_is_told_in_words(schema: dict[str, object], words: str) -> None:
    assert fields.in_words(schema, "<{}>".format) == words


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_every_link_of_a_written_page_leads_somewhere(path: Path) -> None:
    assert [link for link in local_links(path.read_text()) if not leads(path.parent, link)] == []


def test_every_link_between_generated_pages_leads_somewhere() -> None:
    dead = [
        (place, link)
        for place, text in PAGES.items()
        for link in local_links(text)
        if not leads((DOCS / place).parent, link)
    ]
    assert dead == []


def local_links(text: str) -> list[str]:
    return [link for link in LINK.findall(text) if "://" not in link]


def leads(folder: Path, link: str) -> bool:
    """Whether the page is written or generated, and has the heading."""
    place, _, anchor = link.partition("#")
    target = Path(os.path.normpath(folder / place))
    text = PAGES.get(os.path.relpath(target, DOCS))
    if text is None:
        if not anchor or not target.is_file():
            return target.is_file()
        text = target.read_text()
    headings = [
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.M)
    ]
    return not anchor or anchor in headings


def test_the_navigation_has_every_written_page() -> None:
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    named = {place for entry in site["nav"] for place in entry.values()}
    assert named == {path.name for path in DOCS.glob("*.md")}


def test_the_reference_has_every_command() -> None:
    reference = commands.reference()
    assert COMMANDS.keys() > {"napari-dacapo create run", "napari-dacapo train"}
    assert [title for title in COMMANDS if f"### {title}\n" not in reference] == []


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_every_command_that_is_named_exists_with_its_options(path: Path) -> None:
    inline = re.findall(r"`(napari-dacapo [^`\n]+)`", path.read_text())
    lines = [line for _, text in blocks(path, "bash") for line in text.splitlines()]
    for words in (shlex.split(line, comments=True) for line in (*inline, *lines)):
        if words[:1] == ["napari-dacapo"] and words != ["napari-dacapo", "--help"]:
            depth = max(n for n in range(1, len(words) + 1) if " ".join(words[:n]) in COMMANDS)
            command = COMMANDS[" ".join(words[:depth])]
            assert not isinstance(command, Group), words
            command.make_parser(Context(command)).parse_args(words[depth:])


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    named = re.findall(r"(?:^|`)make (\w+)", path.read_text(), re.M)
    assert [target for target in named if target not in targets] == []


def test_the_results_page_gives_each_benchmark_as_its_script_does() -> None:
    page = (DOCS / "results.md").read_text()
    scripts = [path.read_text() for path in sorted((ROOT / "benchmarks").glob("*.py"))]
    commands = [
        line for text in scripts for line in re.findall(r"^ {4}(\S*python benchmarks/.+)$", text, re.M)
    ]
    assert commands
    assert [command for command in commands if f"{command}`" not in page] == []


@pytest.fixture(scope="module")
def readme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which everything in README.md was done, with few iterations."""
    folder = tmp_path_factory.mktemp("readme")
    follow(ROOT / "README.md", folder)
    return folder


def follow(page: Path, folder: Path) -> None:
    """Run the page's blocks of Python and its napari-dacapo commands in their order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("NAPARI_DACAPO_WORKSPACE", "workspace")
        for number, (language, text) in enumerate(blocks(page, "python", "bash")):
            if language == "python":
                run_python(made_small(text), folder / f"{page.stem}_{number}.py")
                continue
            for words in (shlex.split(line, comments=True) for line in made_small(text).splitlines()):
                if words[:1] == ["napari-dacapo"]:
                    cli.main(words[1:], standalone_mode=False)


def made_small(text: str) -> str:
    """The same with few iterations, small patches and small images."""
    few = re.sub(r"\b(iterations|validation_interval)([= ])\d+", r"\1\g<2>1", text)
    return few.replace("128", "64").replace("shape=(512, 512)", "shape=(128, 128)")


def run_python(text: str, file: Path) -> dict[str, Any]:
    file.write_text(text)
    return runpy.run_path(str(file))


@pytest.fixture
def forget_kinds() -> Iterator[None]:
    """What an example declares is no kind for other tests."""
    yield
    gc.collect()
    assert "ObjectCount" not in ObjectScore.kinds()


def test_the_readme_trains_two_runs_and_validates_them(readme: Path) -> None:
    for name in ("first", "second"):
        (history,) = (readme / "workspace" / "runs").glob(f"{name}-*/history.jsonl")
        assert '"kind": "validation"' in history.read_text()
    assert {path.name for path in (readme / "segmented").iterdir()} == {
        ".blocks",
        "prediction.zarr",
        "segmentation.zarr",
    }


def test_the_commands_of_the_command_line_page_work_after_those_of_the_readme(readme: Path) -> None:
    follow(DOCS / "command-line.md", readme)
    assert len(list((readme / "workspace" / "runs").glob("grid-*/history.jsonl"))) == 2


@pytest.mark.usefixtures("forget_kinds")
@pytest.mark.parametrize("name", ["first-experiment.md", "architecture.md"])
def test_the_examples_of_a_page_run(name: str, tmp_path: Path) -> None:
    follow(DOCS / name, tmp_path)


@pytest.mark.usefixtures("forget_kinds")
def test_the_example_of_a_kind_is_complete(tmp_path: Path) -> None:
    (text,) = (text for _, text in blocks(DOCS / "architecture.md", "python") if "(ObjectScore)" in text)
    kind = run_python(text, tmp_path / "object_count.py")["ObjectCount"]
    task = Affinities(scores=(kind(min_size=2),))
    assert ObjectScore.kinds()["ObjectCount"] is kind
    assert Affinities.from_json(task.to_json()) == task
    assert fields.field_rows(kind, str) == [
        ("`min_size`", "integer (at least 0)", "`0`", "Objects of fewer voxels are not counted.")
    ]
    table = Contingency.of(np.array([1, 1, 2, 3, 4]), np.array([5, 5, 7, 7, 7]))
    assert kind().of(table) == (1.0,)
    assert kind(min_size=2).of(table) == (0.5,)
