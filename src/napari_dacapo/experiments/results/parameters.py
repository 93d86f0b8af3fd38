"""Which post-processing parameters a trained run segments with."""

from __future__ import annotations

import json
from collections.abc import Mapping

from napari_dacapo.errors import CheckpointError, UserInputError
from napari_dacapo.experiments.results.comparison import best_row, mean_rows
from napari_dacapo.experiments.results.history import History
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.files import JsonError, atomic_write, read_json
from napari_dacapo.tasks.task import Parameters, Task

CHOSEN = "parameters.json"  # in the run's folder


def choose_parameters(folder: RunFolder, parameters: Parameters) -> None:
    """Keep these with the run: it is applied with them from now on.

    Raises UserInputError where they are not those of its post-processing.
    """
    refuse_other_parameters(folder.saved_run().task, parameters)
    atomic_write(folder.path / CHOSEN, json.dumps(dict(parameters)).encode())


def forget_parameters(folder: RunFolder) -> None:
    """From now on the run is applied with the best of its validation again."""
    (folder.path / CHOSEN).unlink(missing_ok=True)


def chosen_parameters(folder: RunFolder) -> Parameters | None:
    """Those that were chosen; None where none were. Raises CheckpointError where they cannot be used."""
    file = folder.path / CHOSEN
    if not file.exists():
        return None
    try:
        parameters = read_json(file)
        refuse_other_parameters(folder.saved_run().task, parameters)
    except (JsonError, UserInputError) as error:
        raise CheckpointError(f"{file} is damaged. Choose parameters once more, or delete it.") from error
    return dict(parameters)


def best_parameters(folder: RunFolder, iteration: int, criterion: str = "") -> Parameters | None:
    """Those with the best score at an iteration, or at any where that was not validated.

    The criterion is named as for checkpoints: "dice/axon", or "crop 2/voi_sum" for one dataset; without
    one, it is the one that decides which weights are best. None where nothing was validated.
    """
    criteria = folder.saved_run().task.criteria()
    decides = next((each for each in criteria if each.name == criterion), criteria[0])
    rows = History(folder.path).read().validations
    own = [row for row in rows if f"{row.dataset}/{decides.name}" == criterion]
    points = own or mean_rows(rows)
    there = [row for row in points if row.iteration == iteration]
    best = best_row(decides, there) or best_row(decides, points)
    return None if best is None else dict(best.parameters)


def readable_parameters(parameters: Parameters) -> str:
    """{"bias": 0.25, "min_size": 20} is "bias 0.25, min size 20"."""
    texts = ((name.replace("_", " "), value) for name, value in parameters.items())
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in texts
    )


def refuse_other_parameters(task: Task, parameters: Parameters) -> None:
    """Raises UserInputError unless there is a number for each parameter of the task's post-processing."""
    names = sorted(task.parameter_grid()[0])
    if not isinstance(parameters, Mapping) or sorted(parameters) != names:
        problem = "the run's post-processing has others"
        fix = f"Give a number for each of {', '.join(names)}" if names else "Give none"
        raise UserInputError("parameters", parameters, problem, fix)
    for name, value in parameters.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UserInputError(f"parameters.{name}", value, "it is no number", "Give a number")
