"""Where long work is done, as it is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from napari_dacapo.cli.families import existing
from napari_dacapo.errors import UserInputError
from napari_dacapo.store.workspace import Workspace

if TYPE_CHECKING:
    from napari_dacapo.clusters.cluster import Cluster


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--on, --scheduler and --workers, from which `chosen_cluster` takes one."""
    for option in (
        click.option(
            "--workers", type=click.IntRange(min=1), help="Work in so many processes of this machine."
        ),
        click.option(
            "--scheduler",
            "--scheduler-file",
            "scheduler",
            default="",
            metavar="ADDRESS",
            help="Work on Dask: tcp://host:port, or a scheduler file.",
        ),
        click.option(
            "--on", default="", metavar="NAME", help="Work on a cluster of this name (create cluster)."
        ),
    ):
        command = option(command)
    return command


def chosen_cluster(workspace: Workspace, on: str, scheduler: str, workers: int | None) -> Cluster:
    """Raises UsageError where several are given, UserInputError where no cluster has the name."""
    from napari_dacapo.clusters.cluster import Cluster
    from napari_dacapo.clusters.local_workers import LocalWorkers
    from napari_dacapo.clusters.scheduler import Scheduler
    from napari_dacapo.clusters.this_machine import ThisMachine

    if sum(map(bool, (on, scheduler, workers))) > 1:
        raise click.UsageError("--on, --scheduler and --workers are three ways; give one.")
    if on:
        return existing(workspace).store.read(Cluster, on)  # type: ignore[type-abstract]
    if scheduler:
        return Scheduler(address=scheduler)
    return LocalWorkers(workers=workers) if workers else ThisMachine()


@click.command("job-script")
@click.argument("name")
@click.pass_obj
def job_script(workspace: Workspace, name: str) -> None:
    """Show what a cluster submits for each worker.

    `napari-dacapo create cluster` defines one.
    """
    from napari_dacapo.clusters.cluster import Cluster

    cluster = existing(workspace).store.read(Cluster, name)  # type: ignore[type-abstract]
    if not cluster.submits_jobs:
        problem = f"{type(cluster).__name__} submits no jobs"
        raise UserInputError("cluster", name, problem, "See: napari-dacapo show cluster")
    click.echo(cluster.job_script(), nl=False)
