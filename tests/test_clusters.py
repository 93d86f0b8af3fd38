"""Where work is done: how each queueing system is asked, and what is told where nothing answers."""

from pathlib import Path

import pytest

from napari_dacapo.clusters import local_workers, scheduler
from napari_dacapo.clusters.batch_queue import BatchQueue, clock
from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.clusters.local_workers import LocalWorkers, own_gpu
from napari_dacapo.clusters.lsf import LSF
from napari_dacapo.clusters.pbs import PBS
from napari_dacapo.clusters.scheduler import Scheduler
from napari_dacapo.clusters.sge import SGE
from napari_dacapo.clusters.slurm import Slurm
from napari_dacapo.clusters.this_machine import ThisMachine
from napari_dacapo.errors import UserInputError

ASKED = {
    Slurm: ("-p gpu", "-A lab", "--cpus-per-task=8", "--mem=30G", "-t 01:30:00", "--gres=gpu:1"),
    LSF: ("-q gpu", '-P "lab"', "-n 8", "-W 01:30", '-gpu "num=1"'),
    SGE: ("-q gpu", "-P lab", "-l h_rt=01:30:00", "-l gpu=1"),
    PBS: ("-q gpu", "-A lab", "select=1:ncpus=8:mem=32GB:ngpus=1", "walltime=01:30:00"),
}


@pytest.mark.parametrize("kind", ASKED)
def test_a_job_script_asks_for_what_the_record_says(kind: type[BatchQueue]) -> None:
    record = kind(
        queue="gpu",
        account="lab",
        cores=8,
        memory=32.0,
        walltime=1.5,
        gpus=1,
        directives=("--one-more",),
        prologue=("module load cuda",),
    )
    script = record.job_script()
    for words in (*ASKED[kind], " --one-more", "\nmodule load cuda\n", "OMP_NUM_THREADS=8\n"):
        assert words in script
    assert "distributed.cli.dask_worker tcp://<address of the scheduler>" in script


@pytest.mark.parametrize(("hours", "text"), [(1.5, "01:30:00"), (0.001, "00:01:00"), (100, "100:00:00")])
def test_hours_are_written_as_queues_read_them(hours: float, text: str) -> None:
    assert clock(hours) == text


@pytest.mark.parametrize("kind", ASKED)
def test_a_machine_that_submits_no_jobs_is_told(
    kind: type[BatchQueue], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserInputError, match="has no command"), kind().connect():
        pass


@pytest.mark.enable_socket
def test_what_a_queue_refuses_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sbatch = tmp_path / "sbatch"
    sbatch.write_text("#!/bin/sh\necho 'sbatch: error: invalid partition specified: gpu' >&2\nexit 1\n")
    sbatch.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    refused = pytest.raises(UserInputError, match="refused the job")
    with refused, Slurm(queue="gpu").connect():
        pass


@pytest.mark.enable_socket
def test_a_scheduler_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "CONNECT_SECONDS", 1)
    nowhere = Scheduler(address="tcp://127.0.0.1:9")
    with pytest.raises(UserInputError, match="does not answer"), nowhere.connect():
        pass


def test_a_scheduler_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    nowhere = Scheduler(address=str(tmp_path / "scheduler.json"))
    with pytest.raises(UserInputError, match="no such file"), nowhere.connect():
        pass


def test_only_this_machine_is_here_and_only_queues_have_job_scripts() -> None:
    others: tuple[Cluster, ...] = (LocalWorkers(), Scheduler(address="tcp://a:1"), Slurm())
    assert ThisMachine().is_here and not any(other.is_here for other in others)
    assert [bool(each.job_script()) for each in (ThisMachine(), *others)] == [False, False, False, True]


def test_each_local_worker_takes_a_gpu_of_those_it_may_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(local_workers.GPUS, "2,5")
    assert [own_gpu(worker, local_workers._gpus()) for worker in range(3)] == ["2", "5", "2"]
