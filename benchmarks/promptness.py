"""How long what is done all the time takes: importing, saving, listing, a line of history, a form, a key.

    xvfb-run -a python benchmarks/promptness.py

Each row gives the best of several times beside what is asked of an idle machine, and beside the least that
such work takes (Python itself, `json` and the same bytes brought to the disk, a plain `open` and `write`,
a record without a window): on a busy machine that ratio is what counts.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from qtpy.QtWidgets import QApplication

from napari_dacapo.arrays.file import File
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.experiments.results.history import History
from napari_dacapo.files import append_line
from napari_dacapo.store.store import Store
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.widgets.forms.form import Form

LINE = '{"iteration": 1, "loss": 0.5}'
LINES = 10_000

Row = tuple[str, float, Callable[[], object], Callable[[], object]]  # what, seconds asked, ours, the least


def best(act: Callable[[], object], times: int = 5) -> float:
    """Seconds of the clock."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        found.append(time.perf_counter() - began)
    return min(found)


def python(*words: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True)


def of_records(folder: Path, count: int) -> Store:
    """A store of that many trainers."""
    store = Store(folder / f"{count}.json")
    store.save(Trainer, "pattern", Trainer())
    data = store.export_json()
    pattern = next(iter(data["records"]["Trainer"].values()))
    records = {str(key): {**pattern, "name": f"trainer {key}"} for key in range(count)}
    store.import_json(data | {"records": {"Trainer": records}}, families={"Trainer": Trainer})
    return store


def rewritten(path: Path) -> None:
    """Read, parsed, encoded and written durably: what no store of one file can do without."""
    data = json.dumps(json.loads(path.read_bytes())).encode()
    with path.with_suffix(".copy").open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.with_suffix(".copy").replace(path.with_suffix(".other"))


def plain_lines(path: Path) -> None:
    for _ in range(LINES):
        with path.open("a") as file:
            file.write(LINE + "\n")


def appended(path: Path) -> None:
    for _ in range(LINES):
        append_line(path, LINE)


def saved(store: Store) -> Callable[[], object]:
    return lambda: store.save(Trainer, "new", Trainer(), overwrite=True)


def parsed(path: Path) -> Callable[[], object]:
    return lambda: [json.loads(line) for line in path.open()]


def largest() -> ListedDatasets:
    dataset = Dataset(raw=File(path="raw.zarr"), labels=File(path="labels.zarr"), mask=File(path="mask.zarr"))
    return ListedDatasets(train=(dataset, dataset), validate=(dataset,))


def rows(folder: Path) -> list[Row]:
    few, many = of_records(folder, 1000), of_records(folder, 10_000)
    history = History(folder / "run")
    history.path.parent.mkdir()
    for iteration in range(1, 1001):
        history.append_iteration(iteration, loss=0.5, learning_rate=1e-4, seconds=0.1, waited=0.0)
    history.path.write_bytes(history.path.read_bytes() * 100)
    datasets = largest()
    own, others = folder / "own", folder / "others"
    light = python("-c", "import click, numpy, pydantic")
    return [
        ("import napari_dacapo", 0.2, python("-c", "import napari_dacapo"), python("-c", "pass")),
        ("napari-dacapo --help", 1.0, python("-m", "napari_dacapo", "--help"), light),
        ("a save among 1,000 records", 0.05, saved(few), lambda: rewritten(few.path)),
        ("a save among 10,000 records", 0.5, saved(many), lambda: rewritten(many.path)),
        ("10,000 records listed", 1.0, lambda: Store(many.path).names(Trainer), parsed(many.path)),
        ("10,000 lines appended", 2.0, lambda: appended(own), lambda: plain_lines(others)),
        ("100,000 lines of history", 2.0, history.read, parsed(history.path)),
        ("the largest form", 0.15, lambda: built(datasets), lambda: again(datasets)),
    ]


def again(datasets: ListedDatasets) -> None:
    ListedDatasets.model_validate(datasets.to_json())


def built(datasets: ListedDatasets) -> None:
    Form(DataSplit, datasets).deleteLater()


def main() -> None:
    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'what':32}{'asked s':>9}{'took s':>9}{'least s':>9}{'ratio':>7}")
        for what, asked, ours, least in rows(Path(folder)):
            took, bare = best(ours), best(least)
            print(f"{what:32}{asked:9.3f}{took:9.3f}{bare:9.3f}{took / bare:7.1f}", flush=True)
    application.quit()


if __name__ == "__main__":
    main()
