"""What no source file may contain, and what every dependency must be."""

import ast
import configparser
import importlib.metadata
import re
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))

PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
HARMLESS = {
    "dumps",
    "PicklingError",
    "UnpicklingError",
}  # of pickle: runs no code of others
RUN_CODE = {"eval", "exec", "compile", "__import__"}
FORBIDDEN = {"os.system", "os.popen", "np.save", "np.savez", "numpy.save", "torch.save"}
UNSAFE_YAML = {f"yaml.{verb}" for verb in ("load", "load_all", "full_load", "unsafe_load", "UnsafeLoader")}
FORBIDDEN_VERBS = {"extractall", "write_text", "write_bytes"}  # on whatever object
FORBIDDEN_OPTIONS = {"shell": True, "allow_pickle": True, "weights_only": False}
OPENING = {"open", "fdopen"}
WRITES = re.compile("[rbt]*[wax+][rwaxbt+]*")  # modes that write
GUARDED = {  # the places where it is done with care
    "arrays/ome_zarr.py": "zarr",
    "blockwise/turn.py": "writing",  # a token, of no use after a crash
    "files.py": "writing",
}


def problems(source: str, guarded: str = "") -> Iterator[str]:
    """What is forbidden in a source file; `guarded` names what this one may do."""
    for node in ast.walk(ast.parse(source)):
        for problem in (*_imports(node), *_calls(node, guarded), *_classes(node), *_handlers(node)):
            yield f"line {node.lineno}: {problem}"


def _imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and {each.name for each in node.names} <= HARMLESS:
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]
        yield from (f"imports {name}" for name in names if name.partition(".")[0] in PICKLES)


def _calls(node: ast.AST, guarded: str) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    name = ast.unparse(node.func)
    verb = name.rpartition(".")[2]
    options = {each.arg: _constant(each.value) for each in node.keywords}
    if name in RUN_CODE | FORBIDDEN | UNSAFE_YAML or (verb in FORBIDDEN_VERBS and guarded != "writing"):
        yield f"calls {name}"
    if name == "torch.load" and options.get("weights_only") is not True:
        yield "torch.load without weights_only=True"
    yield from (
        f"{name} with {key}={options[key]}" for key in FORBIDDEN_OPTIONS if _is_forbidden(options, key)
    )
    if name.startswith("zarr."):
        yield from _zarr_calls(name, options, guarded)
    modes = [_constant(each) for each in node.args] + [options.get("mode")]
    if verb in OPENING and guarded != "writing" and any(map(_writes, modes)):
        yield f"{name} for writing"


def _is_forbidden(options: dict[str, object], key: str) -> bool:
    return key in options and options[key] is FORBIDDEN_OPTIONS[key]


def _zarr_calls(name: str, options: dict[str, object], guarded: str) -> Iterator[str]:
    if options.get("overwrite") is True:
        yield f"{name} over what is there"
    if (
        name.startswith(("zarr.open", "zarr.create", "zarr.save"))
        and guarded != "zarr"
        and options.get("mode") != "r"
    ):
        yield f"{name} for writing"


def _writes(mode: object) -> bool:
    return isinstance(mode, str) and WRITES.fullmatch(mode) is not None


def _classes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ClassDef):
        bases = map(ast.unparse, node.bases)
        yield from (f"{node.name} derives from {base}" for base in bases if base == "RuntimeError")


def _handlers(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) == "Exception"):
        yield "catches everything"


def _constant(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def test_no_source_file_runs_foreign_code_or_writes_without_care() -> None:
    package = ROOT / "src/napari_dacapo"
    found = {path.relative_to(package).as_posix(): path.read_text() for path in SOURCES}
    assert {
        name: wrong for name, text in found.items() if (wrong := list(problems(text, GUARDED.get(name, ""))))
    } == {}


CAUGHT = [
    "import pickle",
    "from pickle import loads",
    "from pickle import dumps, load",
    "yaml.load(text)",
    "yaml.unsafe_load(text)",
    "eval('1')",
    "exec(code)",
    "os.system('ls')",
    "subprocess.run(line, shell=True)",
    "np.load(path, allow_pickle=True)",
    "archive.extractall(folder)",
    "torch.load(path)",
    "torch.load(path, weights_only=False)",
    "zarr.open(path)",
    "zarr.open_group(path, mode='a')",
    "zarr.create_array(path, shape=(1,))",
    "zarr.create_group(path, overwrite=True)",
    "open(path, 'w')",
    "path.open('ab')",
    "path.open(mode='r+')",
    "os.fdopen(descriptor, 'w')",
    "path.write_text('x')",
    "class Bad(RuntimeError): pass",
    "try: f()\nexcept: pass",
    "try: f()\nexcept Exception: pass",
]


@pytest.mark.parametrize("source", CAUGHT)
def test_the_gate_catches(source: str) -> None:
    assert list(problems(source))


@pytest.mark.parametrize(
    "source",
    [
        "network.eval()",
        "from pickle import dumps",
        "re.compile('a')",
        "path.open('rb')",
        "open(path)",
        "zarr.open_array(path, mode='r')",
        "torch.load(path, weights_only=True)",
        "np.load(path, allow_pickle=False)",
        "store.save(name, record, overwrite=overwrite)",
        "try: f()\nexcept OSError: pass",
    ],
)
def test_the_gate_lets_pass(source: str) -> None:
    assert list(problems(source)) == []


def test_whoever_silences_bandit_says_why() -> None:
    for path in SOURCES:
        for line in re.findall("# nosec.*", path.read_text()):
            assert re.fullmatch(r"# nosec B\d+: \w+ .+", line), f"{path}: {line}"


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def requirements(text: str) -> list[Requirement]:
    return [Requirement(line) for line in text.split("\n") if line]


NEEDED = requirements(settings()["options"]["install_requires"])
EXTRAS = settings()["options.extras_require"].values()
ALL = [*NEEDED, *(each for text in EXTRAS for each in requirements(text))]


@pytest.mark.parametrize("requirement", ALL, ids=str)
def test_what_is_installed_is_new_enough(requirement: Requirement) -> None:
    assert importlib.metadata.version(requirement.name) in requirement.specifier


@pytest.mark.parametrize(
    ("name", "too_old"),
    [("torch", "2.9.1"), ("zarr", "3.1.2"), ("filelock", "3.20.2"), ("pydantic", "1.10"), ("napari", "0.8")],
)
def test_versions_with_known_holes_are_not_accepted(name: str, too_old: str) -> None:
    (requirement,) = (each for each in NEEDED if each.name == name)
    assert too_old not in requirement.specifier


@pytest.mark.parametrize("requirement", NEEDED, ids=str)
def test_a_requirement_sets_a_floor_and_neither_ceiling_nor_binding(requirement: Requirement) -> None:
    assert [each.operator for each in requirement.specifier] == [">="]
    assert requirement.url is None and not requirement.extras
    assert canonicalize_name(requirement.name) not in {
        "pyqt5",
        "pyqt6",
        "pyside2",
        "pyside6",
        "opencv-python",
    }


def test_the_pinned_versions_are_among_those_accepted() -> None:
    pinned = {canonicalize_name(each.name): each for each in requirements(_pins())}
    for requirement in ALL:
        pin = pinned.get(canonicalize_name(requirement.name))
        if pin is not None:
            (exactly,) = pin.specifier
            assert exactly.version in requirement.specifier, f"{pin} is not {requirement}"


def _pins() -> str:
    lines = (line.partition("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("-"))


def test_no_test_reaches_the_network() -> None:
    with warnings.catch_warnings(), pytest.raises(pytest_socket.SocketBlockedError):
        warnings.simplefilter("ignore")  # some versions warn besides
        socket.socket(socket.AF_INET, socket.SOCK_STREAM)
