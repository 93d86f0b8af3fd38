"""A command that applies a run on workers is killed: nothing of it stays, the next one is not disturbed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import tiny
from cheap_workers import local_workers, start_command
from distributed import Client, Worker

from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.file import File
from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.clusters.scheduler import Scheduler
from napari_dacapo.clusters.this_machine import ThisMachine
from napari_dacapo.experiments.applying.apply import apply
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.run_folder import RunFolder

pytestmark = [pytest.mark.enable_socket, pytest.mark.filterwarnings("ignore::ResourceWarning")]
PARAMETERS: Any = {"bias": 0.25, "foreground": 0.2, "min_size": 20}
SECONDS = 40.0  # on a busy machine


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return tiny.trained(tmp_path_factory.mktemp("workspace"), iterations=1)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with local_workers(1) as client:
        yield client


def wanted(trained: RunFolder, output: Path, **options: Any) -> Wanted:
    image = File(path=str(trained.root / "check-raw.zarr"))
    return Wanted(trained, image, output, parameters=PARAMETERS, device="cpu", **options)


def command(trained: RunFolder, output: Path, *words: str) -> list[str]:
    assignments = [word for name, value in PARAMETERS.items() for word in ("--set", f"{name}={value}")]
    named = ["-w", str(trained.root), "apply", "run", str(trained.root / "check-raw.zarr"), str(output)]
    return [*named, *assignments, "--device", "cpu", *words]


def until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.02)


def written(output: Path) -> dict[str, bytes]:
    """Every file of both images."""
    files = (file for file in output.rglob("*") if file.is_file() and ".blocks" not in file.parts)
    return {str(file.relative_to(output)): file.read_bytes() for file in files}


def hold_first_block(folder: str) -> None:
    """In a worker: it computes its next block, but does not write it before it is let go."""
    from napari_dacapo.blockwise.predict import Network

    predict, place = Network.predict, Path(folder)

    def held(*arguments: Any) -> Any:
        values = predict(*arguments)
        with suppress(FileExistsError):
            (place / "held").touch(exist_ok=False)
            Network.predict = predict  # type: ignore[method-assign]
            while not (place / "go").exists():
                time.sleep(0.01)
        return values

    Network.predict = held  # type: ignore[method-assign, assignment]


def works(dask_worker: Worker) -> bool:
    return bool(dask_worker.state.all_running_tasks)


@pytest.mark.parametrize(
    ("options", "how"),
    [({}, {}), ({"box": Box((8.0,) * 3, (160.0,) * 3)}, {"replace": True})],
    ids=["the same command", "another one in its place"],
)
def test_a_block_that_a_worker_still_computes_for_a_killed_command_is_not_written(
    trained: RunFolder, client: Client, tmp_path: Path, options: dict[str, Any], how: dict[str, Any]
) -> None:
    output, address = tmp_path / "applied", client.scheduler.address
    for _ in apply(wanted(trained, tmp_path / "uninterrupted", **options)):
        pass
    client.run(hold_first_block, str(tmp_path))
    words = command(trained, output, "--scheduler", address)
    killed = start_command(str(tmp_path / "log.txt"), *words)
    until(lambda: (tmp_path / "held").exists())
    os.kill(killed, signal.SIGKILL)
    for _ in apply(wanted(trained, output, **options), Scheduler(address=address), **how):
        pass
    (tmp_path / "go").touch()
    until(lambda: not any(client.run(works).values()))
    assert written(output) == written(tmp_path / "uninterrupted")


def test_a_worker_that_outlives_a_command_reads_the_image_anew_for_the_next(
    trained: RunFolder, client: Client, tmp_path: Path
) -> None:
    shutil.copytree(trained.root / "check-raw.zarr", tmp_path / "raw.zarr")
    scheduler = Scheduler(address=client.scheduler.address)

    def applied(name: str, cluster: Cluster) -> dict[str, bytes]:
        image = File(path=str(tmp_path / "raw.zarr"))
        chosen = Wanted(trained, image, tmp_path / name, parameters=PARAMETERS, device="cpu")
        for _ in apply(chosen, cluster):
            pass
        return written(tmp_path / name)

    applied("before", scheduler)
    shutil.rmtree(tmp_path / "raw.zarr")
    shutil.copytree(trained.root / "train-raw.zarr", tmp_path / "raw.zarr")
    assert applied("after", scheduler) == applied("here", ThisMachine())


def test_workers_that_stand_in_another_folder_write_into_the_same(
    trained: RunFolder, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in apply(wanted(trained, Path("applied")), Scheduler(address=client.scheduler.address)):
        pass
    assert written(tmp_path / "applied")


def test_processes_of_a_killed_command_end_and_the_same_command_goes_on(
    trained: RunFolder, tmp_path: Path
) -> None:
    output = tmp_path / "applied"
    ledger = output / ".blocks" / "ledger.jsonl"
    words = [sys.executable, "-m", "napari_dacapo", *command(trained, output, "--workers", "1")]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as killed:
        until(lambda: ledger.exists() and len(ledger.read_bytes().splitlines()) > 1)
        processes = psutil.Process(killed.pid).children(recursive=True)
        killed.kill()
    _, alive = psutil.wait_procs(processes, SECONDS)
    assert processes and not alive
    for _ in apply(wanted(trained, output)):
        pass
    for _ in apply(wanted(trained, tmp_path / "uninterrupted")):
        pass
    assert written(output) == written(tmp_path / "uninterrupted")
