"""`objects`: what became of each true object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from napari_dacapo.cli.families import run_folder
from napari_dacapo.cli.results import csv_option
from napari_dacapo.cli.table import print_csv, print_table
from napari_dacapo.cli.train import iteration_option
from napari_dacapo.errors import CheckpointError, UserInputError
from napari_dacapo.store.workspace import Workspace

if TYPE_CHECKING:
    from napari_dacapo.experiments.results.results import Result

COLUMNS = ("dataset", "object", "voxels", "IoU", "segment", "split into", "merged with")


@click.command()
@click.argument("name")
@iteration_option
@click.option("--dataset", "-d", default="", help="Only this validation dataset.")
@csv_option
@click.pass_obj
def objects(workspace: Workspace, name: str, iteration: int | None, dataset: str, as_csv: bool) -> None:
    """Show what became of each true object, the worst first.

    Of the segmentations that validation stored: those of its last iteration, or of another one. IoU is that
    with the segment that fits best.
    """
    from napari_dacapo.experiments.results.results import stored_results

    found = [r for r in stored_results(run_folder(workspace, name)) if dataset in ("", r.dataset.title)]
    if not found:
        raise CheckpointError(f"No validation of {name!r:.80} is stored. Train it to its first validation.")
    wanted = found[-1].iteration if iteration is None else iteration
    chosen = [result for result in found if result.iteration == wanted]
    if not chosen:
        known = ", ".join(dict.fromkeys(f"{result.iteration:,}" for result in found[-6:]))
        raise CheckpointError(f"Nothing of iteration {wanted:,} is stored. Choose: {known}.")
    rows = sorted((row for result in chosen for row in _rows(result)), key=lambda row: (row[0], row[3]))
    (print_csv if as_csv else print_table)(COLUMNS, rows)


def _rows(result: Result) -> Iterator[tuple[str, int, int, float, int, int, int]]:
    from napari_dacapo.experiments.results.results import whole
    from napari_dacapo.scores.contingency import Contingency
    from napari_dacapo.scores.object_table import ObjectTable

    labels, known = result.truth()
    if result.run.task.stitching() is None:
        fix = "Look at scores instead, which has a column for each class"
        raise UserInputError("name", result.dataset.title, "this run finds classes and no objects", fix)
    table = ObjectTable.of(Contingency.of(whole(result.segmentation), labels, known))
    columns = (
        table.ids,
        table.voxels,
        table.best_iou,
        table.best_segment,
        table.split_into,
        table.merged_with,
    )
    for row in zip(*(column.tolist() for column in columns), strict=True):
        yield result.dataset.title, *row
