"""Blocks on Dask: a lost worker costs its blocks only, and what cannot work is told."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

import pytest
from cheap_workers import local_workers
from distributed import Client, LocalCluster

from napari_dacapo.blockwise.dask_workers import DaskWorkers
from napari_dacapo.blockwise.grid import Block, blocks
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.stage import run_stage
from napari_dacapo.errors import BlocksError

pytestmark = [pytest.mark.enable_socket, pytest.mark.filterwarnings("ignore::ResourceWarning")]
SIX = list(blocks((12, 4), (2, 4)))


@dataclass(frozen=True, slots=True)
class Act:
    """Leaves a file a block. One block kills its worker the first time, another always fails."""

    folder: Path
    kills: int = -1
    fails: int = -1

    def __call__(self, block: Block) -> None:
        died = self.folder / "died"
        if block.start[0] == self.kills and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if block.start[0] == self.fails:
            raise ValueError("chunk 4/0 is damaged")
        (self.folder / f"{block.start[0]}").touch()


def test_ctrl_c_which_reaches_every_process_of_a_terminal_ends_no_worker() -> None:
    with local_workers(1) as client:
        (process,) = client.run(os.getpid).values()
        os.kill(process, signal.SIGINT)
        assert client.submit(os.getpid).result(timeout=20) == process


def test_that_no_worker_is_there_yet_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as client,
    ):
        outcomes = DaskWorkers(client).each(abs, SIX[:1])  # type: ignore[arg-type]
        Timer(0.2, cluster.scale, [1]).start()
        assert len(list(outcomes)) == 1
    assert "No worker is there yet" in caplog.text


def test_blocks_of_a_killed_worker_are_done_by_another_and_failing_ones_are_listed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger.open(tmp_path / "ledger.jsonl", {}, {})
    with local_workers(2) as client:
        workers = DaskWorkers(client)
        steps = list(run_stage("killing", Act(tmp_path, kills=6), SIX, ledger, workers))
        assert [step.done for step in steps] == [1, 2, 3, 4, 5, 6]
        assert {path.name for path in tmp_path.iterdir()} >= {"died", *map(str, range(0, 12, 2))}
        with pytest.raises(BlocksError, match=r"1 of 6 blocks failed \(failing\).*is damaged"):
            list(run_stage("failing", Act(tmp_path, fails=4), SIX, ledger, workers))
    assert len(ledger.finished("failing")) == 5
    assert "Traceback" not in capfd.readouterr().err
