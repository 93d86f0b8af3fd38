"""The command line: define, train, validate and compare runs by name.

Exit codes: 0 done, 2 a wrong command, 3 wrong input, 4 the store, 5 a checkpoint, 6 the disk is full,
7 the device, 130 stopped (and saved).
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from napari_dacapo.config import Config, Family
from napari_dacapo.errors import (
    CheckpointError,
    DacapoError,
    DeviceError,
    DiskFullError,
    StoreError,
    UserInputError,
)
from napari_dacapo.store.exchange import read_export
from napari_dacapo.store.workspace import Workspace, default_workspace

if TYPE_CHECKING:
    from napari_dacapo.experiments.run import Run
    from napari_dacapo.experiments.run_folder import RunFolder
    from napari_dacapo.experiments.steps import Step

EXIT_CODES: dict[type[DacapoError], int] = {
    UserInputError: 3,
    StoreError: 4,
    CheckpointError: 5,
    DiskFullError: 6,
    DeviceError: 7,
}
STOPPED = 130
COMPONENTS = ("datasplit", "architecture", "task", "trainer")

out = Console()
err = Console(stderr=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--workspace",
    "-w",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The folder that holds everything; by default $NAPARI_DACAPO_WORKSPACE or ~/napari-dacapo.",
)
@click.version_option(package_name="napari-dacapo")
@click.pass_context
def cli(context: click.Context, workspace: Path | None) -> None:
    """Train, validate and compare segmentation networks.

    Define a datasplit, an architecture, a task and a trainer, each under a name; combine names to a run; train it.
    """
    context.obj = Workspace(workspace) if workspace is not None else default_workspace()


@cli.command("list")
@click.argument("family", required=False)
@click.pass_obj
def list_names(workspace: Workspace, family: str | None) -> None:
    """List what is stored: every family, or one of datasplit, architecture, task, trainer, run."""
    table = Table("family", "name", "kind")
    for name, record_type in _families().items():
        if family is not None and _family_name(family) != name:
            continue
        for record_name in workspace.store.names(record_type):
            record = workspace.store.read(record_type, record_name)
            table.add_row(name, record_name, _kind_text(workspace, record_name, record))
    out.print(table)


@cli.command()
@click.argument("family")
@click.argument("name", required=False)
@click.pass_obj
def show(workspace: Workspace, family: str, name: str | None) -> None:
    """Show a stored record as JSON; without a name, every kind of the family with its fields."""
    record_type = _family(family)
    if name is None:
        _print_kinds(record_type)
    else:
        out.print_json(json.dumps(workspace.store.read(record_type, name).to_json()))


@cli.command()
@click.argument("family")
@click.argument("name")
@click.option("--kind", "-k", default=None, help="Which kind of the family, for example UNet.")
@click.option(
    "--set", "-s", "fields", multiple=True, help="field=value; the value is JSON or plain text. Repeatable."
)
@click.option(
    "--json", "source", type=click.Path(path_type=Path, exists=True), help="A file with the record as JSON."
)
@click.option("--overwrite", is_flag=True, help="Replace a different record of that name.")
@click.option("--datasplit", "-D", multiple=True, help="For a run: the name of a datasplit. Repeatable.")
@click.option(
    "--architecture", "-A", multiple=True, help="For a run: the name of an architecture. Repeatable."
)
@click.option("--task", "-T", multiple=True, help="For a run: the name of a task. Repeatable.")
@click.option("--trainer", "-R", multiple=True, help="For a run: the name of a trainer. Repeatable.")
@click.option(
    "--repetitions", type=click.IntRange(1, 1000), default=1, help="For a run: how many equal ones."
)
@click.pass_obj
def create(
    workspace: Workspace,
    family: str,
    name: str,
    kind: str | None,
    fields: tuple[str, ...],
    source: Path | None,
    overwrite: bool,
    repetitions: int,
    **components: tuple[str, ...],
) -> None:
    """Define a component or a run under a name.

    \b
    napari-dacapo create architecture small -k UNet -s num_fmaps=8
    napari-dacapo create run first -D cells -A small -T affinities -R gentle -s iterations=2000
    Several names of a component make one run of every combination.
    """
    values = _fields(source) if source is not None else {}
    values |= dict(_assignment(text) for text in fields)
    if _family_name(family) == "run":
        records = dict(_run_grid(workspace, name, values, components, repetitions))
    else:
        record_type = _family(family)
        values |= {"kind": kind} if kind is not None else {}
        records = {name: (record_type.from_json(values), {})}
    for record_name, (record, made_from) in records.items():
        workspace.store.save(_family(family), record_name, record, overwrite=overwrite, made_from=made_from)
        out.print(f"saved {_family_name(family)} {record_name}")


@cli.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--device", default="auto", help="auto, cpu, cuda or cuda:1.")
@click.option("--threads", type=click.IntRange(1), default=None, help="Processor threads of the network.")
@click.option("--iterations", type=click.IntRange(1), default=None, help="Go on to so many iterations.")
@click.pass_obj
def train(
    workspace: Workspace, names: tuple[str, ...], device: str, threads: int | None, iterations: int | None
) -> None:
    """Train runs one after the other, going on where they stopped. Ctrl-C stops and saves."""
    from napari_dacapo.experiments.training import train as train_run

    for name in names:
        run = workspace.store.read(_family("run"), name)
        if iterations is not None:
            run = run.replace(iterations=iterations)
            workspace.store.save(type(run), name, run, overwrite=True)
        err.print(f"training {name} in {workspace.run_folder(name)}")
        _follow(train_run(run, _run_folder(workspace, name), device, threads), run.iterations)


@cli.command()
@click.argument("name")
@click.option("--criterion", "-c", default="", help="Validate the weights that are best by this score.")
@click.option("--iteration", "-i", type=int, default=None, help="Validate the weights of this iteration.")
@click.option("--device", default="auto", help="auto, cpu, cuda or cuda:1.")
@click.pass_obj
def validate(workspace: Workspace, name: str, criterion: str, iteration: int | None, device: str) -> None:
    """Score the last, or the best, or an iteration's weights on the validation data once more."""
    from napari_dacapo.experiments.steps import Validation
    from napari_dacapo.experiments.validation import validate_trained

    rows = []
    with closing(validate_trained(_run_folder(workspace, name), criterion, iteration, device)) as steps:
        for step in _stoppable(steps):
            if isinstance(step, Validation):
                rows.append(step)
    _print_rows(_run_folder(workspace, name).saved_run(), rows)


@cli.command()
@click.argument("name")
@click.option(
    "--dataset", "-d", default=None, help="Only this validation dataset; by default the mean over all."
)
@click.option("--csv", "as_csv", is_flag=True, help="Every row as comma-separated values instead of a table.")
@click.pass_obj
def scores(workspace: Workspace, name: str, dataset: str | None, as_csv: bool) -> None:
    """Show the scores of every validation of a run; the best of each criterion is marked."""
    from napari_dacapo.experiments.comparison import mean_rows
    from napari_dacapo.experiments.history import History

    folder = _run_folder(workspace, name)
    rows = History(folder.path).read().validations
    chosen = mean_rows(rows) if dataset is None else [row for row in rows if row.dataset == dataset]
    if not chosen:
        known = ", ".join(sorted({row.dataset for row in rows})) or "none: the run was not validated yet"
        raise UserInputError("dataset", dataset or name, "there are no scores", f"Validated: {known}")
    _print_rows(folder.saved_run(), chosen, as_csv)


@cli.command()
@click.argument("names", nargs=-1, required=True)
@click.pass_obj
def compare(workspace: Workspace, names: tuple[str, ...]) -> None:
    """Show the best scores of several runs, each with its iteration and parameters."""
    from napari_dacapo.experiments.comparison import best_row, mean_rows
    from napari_dacapo.experiments.history import History

    table = Table("run", "best by", "score", "iteration", "parameters")
    for name in names:
        folder = _run_folder(workspace, name)
        rows = mean_rows(History(folder.path).read().validations)
        for criterion in folder.saved_run().task.criteria():
            best = best_row(criterion, rows)
            if best is not None:
                score = f"{best.scores[criterion.name]:.4f}"
                table.add_row(name, criterion.name, score, f"{best.iteration:,}", _text(best.parameters))
    out.print(table)


@cli.command("export")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--only", "-o", multiple=True, metavar="FAMILY/NAME", help="Only this record. Repeatable.")
@click.pass_obj
def export_records(workspace: Workspace, target: Path, only: tuple[str, ...]) -> None:
    """Write every record, or some, into one JSON file for a colleague."""
    from napari_dacapo.files import atomic_write

    chosen = [_qualified(text) for text in only] or None
    atomic_write(target, json.dumps(workspace.store.export_json(chosen), indent=1).encode())
    out.print(f"wrote {target}")


@cli.command("import")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--overwrite", is_flag=True, help="Replace different records of the same name.")
@click.pass_obj
def import_records(workspace: Workspace, source: Path, overwrite: bool) -> None:
    """Take the records of an exported file over into this workspace."""
    report = workspace.store.import_json(read_export(source), overwrite=overwrite, families=_families())
    out.print(str(report))


def main() -> None:
    """The command `napari-dacapo`: errors are one sentence and an exit code, never a traceback."""
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(STOPPED)
    except DacapoError as error:
        err.print(f"[red]{type(error).__name__.removesuffix('Error')}:[/] {error}", highlight=False)
        for note in getattr(error, "__notes__", []):
            err.print(f"  {note}", highlight=False)
        sys.exit(next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 1))


def _families() -> dict[str, type[Config]]:
    from napari_dacapo.architectures.architecture import Architecture
    from napari_dacapo.datasplits.datasplit import DataSplit
    from napari_dacapo.experiments.run import Run
    from napari_dacapo.tasks.task import Task
    from napari_dacapo.trainers.trainer import Trainer

    types: tuple[type[Config], ...] = (DataSplit, Architecture, Task, Trainer, Run)
    return dict(zip((*COMPONENTS, "run"), types, strict=True))


def _family_name(text: str) -> str:
    name = text.lower().rstrip("s")
    if name not in (*COMPONENTS, "run"):
        raise UserInputError("family", text, "no such family", f"Choose: {', '.join((*COMPONENTS, 'run'))}")
    return name


def _family(text: str) -> type[Any]:
    return _families()[_family_name(text)]


def _qualified(text: str) -> tuple[type[Any], str]:
    family, _, name = text.partition("/")
    return _family(family), name


def _run_folder(workspace: Workspace, name: str) -> RunFolder:
    from napari_dacapo.experiments.run_folder import RunFolder

    return RunFolder(workspace.run_folder(name), workspace.path)


def _fields(source: Path) -> dict[str, Any]:
    """The record in a JSON file."""
    fields = read_export(source)
    if not isinstance(fields, dict):
        raise UserInputError("--json", str(source), "it holds no record", 'Write {"field": value, ...}')
    return fields


def _assignment(text: str) -> tuple[str, Any]:
    """`num_fmaps=8` gives a number, `padding=same` a text, `downsample_factors=[[2,2,2]]` a list."""
    field, equals, value = text.partition("=")
    if not equals:
        raise UserInputError("--set", text, "there is no =", "Write field=value")
    try:
        return field, json.loads(value)
    except json.JSONDecodeError:
        return field, value


def _run_grid(
    workspace: Workspace,
    name: str,
    values: dict[str, Any],
    components: dict[str, tuple[str, ...]],
    repetitions: int,
) -> Iterator[tuple[str, tuple[Run, dict[str, str]]]]:
    """Every combination of the components' names and the repetitions, each under a name of its own."""
    from napari_dacapo.experiments.run import Run

    for component, names in components.items():
        if not names:
            raise UserInputError(
                f"--{component}", "missing", f"a run needs a {component}", "Give the name of one"
            )
    several = [component for component, names in components.items() if len(names) > 1]
    for chosen in product(*components.values()):
        made_from = dict(zip(components, chosen, strict=True))
        records = {c: workspace.store.read(_family(c), n) for c, n in made_from.items()}
        for repetition in range(repetitions):
            parts = [made_from[component] for component in several]
            parts += [str(repetition)] if repetitions > 1 else []
            run = Run(**(values | records | {"repetition": repetition}))
            yield "-".join((name, *parts)), (run, made_from)


def _kind_text(workspace: Workspace, name: str, record: Config) -> str:
    from napari_dacapo.experiments.checkpoints import Checkpoints
    from napari_dacapo.experiments.run import Run

    if not isinstance(record, Run):
        return type(record).__name__
    entries = Checkpoints(_run_folder(workspace, name).checkpoints, record.identity).list()
    done = entries[-1].iteration if entries else 0
    return f"{done:,} of {record.iterations:,} iterations"


def _print_kinds(record_type: type[Config]) -> None:
    kinds = record_type.kinds() if issubclass(record_type, Family) else {record_type.__name__: record_type}
    for name, kind in kinds.items():
        out.print(f"[bold]{name}[/]  {(kind.__doc__ or '').splitlines()[0]}")
        for field, info in kind.model_fields.items():
            default = "" if info.is_required() else f" [dim]({json.dumps(_default(info))})[/]"
            out.print(f"  {field}{default}: {info.description}", highlight=False)


def _default(info: Any) -> Any:
    value = info.get_default(call_default_factory=True)
    if isinstance(value, Config):
        return type(value).__name__
    return [_nested(item) for item in value] if isinstance(value, tuple) else value


def _nested(item: Any) -> Any:
    return type(item).__name__ if isinstance(item, Config) else item


def _follow(steps: Iterator[Step], iterations: int) -> None:
    """Draw the steps of training until the last, or until a signal stops and saves."""
    from napari_dacapo.experiments.steps import Notice, Predicted, Saved, TrainStep, Validation

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with closing(steps), Progress(*columns, console=err) as progress:
        training = progress.add_task("training", total=iterations)
        for step in _stoppable(steps):
            if isinstance(step, TrainStep):
                progress.update(training, completed=step.iteration, description=f"loss {step.loss:.4f}")
            elif isinstance(step, Predicted):
                progress.update(
                    training, description=f"predicting {step.dataset}, block {step.done} of {step.of}"
                )
            elif isinstance(step, Validation):
                progress.update(training, description=f"scoring {step.dataset}, {step.done} of {step.of}")
            elif isinstance(step, Saved) and step.best_by:
                progress.console.print(
                    f"iteration {step.iteration:,} is the best by {', '.join(step.best_by)}"
                )
            elif isinstance(step, Notice):
                progress.console.print(step.text)


def _stoppable(steps: Iterator[Step]) -> Iterator[Step]:
    """The steps until Ctrl-C or a terminate signal, which stop between two steps so that the last one is saved."""
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    previous = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        for step in steps:
            yield step
            if stopped:
                steps.close()  # type: ignore[attr-defined]
                err.print("stopped and saved; the same command goes on from here")
                raise KeyboardInterrupt
    finally:
        for name, handler in previous.items():
            signal.signal(name, handler)


def _print_rows(run: Run, rows: Iterable[Any], as_csv: bool = False) -> None:
    from napari_dacapo.experiments.comparison import best_row

    chosen = list(rows)
    criteria = run.task.criteria()
    best = {criterion.name: best_row(criterion, chosen) for criterion in criteria}
    if as_csv:
        print("iteration,dataset,parameters," + ",".join(criterion.name for criterion in criteria))
        for row in chosen:
            values = ",".join(str(row.scores[criterion.name]) for criterion in criteria)
            print(f'{row.iteration},{row.dataset},"{_text(row.parameters)}",{values}')
        return
    table = Table("iteration", "dataset", "parameters", *(criterion.name for criterion in criteria))
    for row in chosen:
        cells = (_cell(row, criterion.name, row is best[criterion.name]) for criterion in criteria)
        table.add_row(f"{row.iteration:,}", row.dataset, _text(row.parameters), *cells)
    out.print(table)


def _cell(row: Any, criterion: str, is_best: bool) -> str:
    text = f"{row.scores[criterion]:.4f}"
    return f"[bold green]{text} *[/]" if is_best else text


def _text(parameters: Any) -> str:
    return " ".join(f"{name}={value}" for name, value in parameters.items())
