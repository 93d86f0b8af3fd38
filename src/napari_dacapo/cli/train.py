"""`train` and `validate`: the long work."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from napari_dacapo.cli.clusters import chosen_cluster, cluster_options
from napari_dacapo.cli.failures import exit_code, say
from napari_dacapo.cli.families import run_folder, trained_iterations
from napari_dacapo.cli.progress import follow
from napari_dacapo.cli.results import csv_option, print_scores
from napari_dacapo.errors import DacapoError, DeviceError, UserInputError
from napari_dacapo.store.workspace import Workspace

if TYPE_CHECKING:
    from napari_dacapo.cli.several_runs import Failures
    from napari_dacapo.clusters.cluster import Cluster
    from napari_dacapo.experiments.run import Run

device_option = click.option("--device", default="auto", help="auto, cpu, cuda or cuda:1.")
criterion_option = click.option("--criterion", "-c", default="", help="Take the best weights by this score.")
iteration_option = click.option(
    "--iteration", "-i", type=click.IntRange(0), default=None, help="Take the weights of this iteration."
)


@click.command()
@click.argument("names", nargs=-1, required=True)
@device_option
@click.option("--threads", type=click.IntRange(1), default=None, help="Processor threads of the network.")
@click.option("--iterations", type=click.IntRange(1), default=None, help="Go on to so many iterations.")
@cluster_options
@click.pass_obj
def train(
    workspace: Workspace,
    /,
    names: tuple[str, ...],
    device: str,
    threads: int | None,
    iterations: int | None,
    **where: Any,
) -> None:
    """Train runs: one after the other, or side by side on a cluster, one on each worker.

    Each goes on where it stopped. Ctrl-C stops and saves. If one fails, the next is trained all the same;
    the exit code is that of the first failure.
    """
    for name in names:  # a mistyped one is said before hours of training
        run_folder(workspace, name)
    cluster = chosen_cluster(workspace, **where)
    if cluster.is_here:
        failures, rest = _one_after_another(workspace, names, device, threads, iterations)
    else:
        failures, rest = _side_by_side(workspace, names, device, threads, iterations, cluster), ()
    if failures:
        if len(names) > 1:
            untried = f"; not tried: {', '.join(rest)}" if rest else ""
            click.echo(
                f"{len(failures)} of {len(names)} runs failed: {', '.join(failures)}{untried}", err=True
            )
        raise SystemExit(exit_code(next(iter(failures.values()))))


def _one_after_another(
    workspace: Workspace, names: Iterable[str], device: str, threads: int | None, iterations: int | None
) -> tuple[Failures, Iterable[str]]:
    """What failed, and what was not tried since the device needs a new process."""
    waiting, restart_needed = deque(names), False
    failures: Failures = {}
    while waiting and not restart_needed:
        name = waiting.popleft()
        try:
            _train(workspace, name, device, threads, iterations)
        except (DacapoError, OSError) as error:
            say(error)
            failures[name] = error
            restart_needed = isinstance(error, DeviceError) and error.restart_needed
    return failures, waiting


def _side_by_side(
    workspace: Workspace,
    names: Iterable[str],
    device: str,
    threads: int | None,
    iterations: int | None,
    cluster: Cluster,
) -> Failures:
    from napari_dacapo.cli.several_runs import train_side_by_side

    runs = dict.fromkeys(names)  # each once
    for name in runs:
        _run(workspace, name, iterations)
    return train_side_by_side(cluster, workspace, runs, device, threads)


@click.command()
@click.argument("name")
@criterion_option
@iteration_option
@device_option
@csv_option
@click.pass_obj
def validate(
    workspace: Workspace, name: str, criterion: str, iteration: int | None, device: str, as_csv: bool
) -> None:
    """Score trained weights on the validation data.

    The last weights, the best by a score, or those of an iteration. What training stored stays as it is.
    """
    from napari_dacapo.experiments.results.history import ValidationRow
    from napari_dacapo.experiments.training.validation import validate_trained

    folder = run_folder(workspace, name)
    steps = validate_trained(folder, criterion, iteration, device)
    scored = follow(steps, stopped="stopped; the scores of training are unchanged")
    rows = [ValidationRow(step.iteration, step.dataset, step.parameters, step.scores) for step in scored]
    print_scores(folder.saved_run().task.criteria(), rows, as_csv)


def _train(workspace: Workspace, name: str, device: str, threads: int | None, iterations: int | None) -> None:
    from napari_dacapo.experiments.training.train import train as steps_of

    folder = run_folder(workspace, name)
    run = _run(workspace, name, iterations)
    click.echo(f"training {name} in {folder.path}", err=True)
    steps = steps_of(run, folder, device, threads)
    follow(steps, stopped="stopped and saved; the same command goes on from here")
    click.echo(f"trained {name}: {trained_iterations(workspace, name):,} of {run.iterations:,} iterations")


def _run(workspace: Workspace, name: str, iterations: int | None) -> Run:
    """The stored run; with another number of iterations it is stored so."""
    from napari_dacapo.experiments.run import Run

    run = workspace.store.read(Run, name)
    if iterations is None:
        return run
    done = trained_iterations(workspace, name)
    if iterations < done:
        fix = "Give more, or train a new run"
        raise UserInputError("--iterations", iterations, f"{done:,} are done already", fix)
    longer = run.replace(iterations=iterations)
    workspace.store.save(Run, name, longer, instead_of=run)
    return longer
