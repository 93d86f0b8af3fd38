"""What the experiments on real data share: train for a while, then score data never trained on."""

import argparse
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.experiments.predicting.predictions import Predictions
from napari_dacapo.experiments.predicting.trained import load_trained
from napari_dacapo.experiments.results.comparison import best_row, mean_rows
from napari_dacapo.experiments.results.history import History, ValidationRow
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Notice, Saved, TrainStep, Validation
from napari_dacapo.experiments.training.train import train
from napari_dacapo.experiments.training.validation import validate

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PRINTED_EVERY = 30.0  # processor seconds


def options(folder: str, cpu_minutes: float) -> argparse.Namespace:
    """The command line every experiment has; ends with a reason where the data is absent."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=REAL_DATA, help="folder of the real data")
    parser.add_argument("--work", type=Path, default=Path("benchmark-runs"), help="folder to train in")
    parser.add_argument(
        "--cpu-minutes",
        type=float,
        default=cpu_minutes,
        help="processor time to train for: 80 are 40 minutes of two cores, however busy the machine is",
    )
    parser.add_argument("--iterations", type=int, default=None, help="the schedule's length")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=None)
    chosen = parser.parse_args()
    chosen.data = chosen.data / folder
    if not chosen.data.exists():
        raise SystemExit(f"skipped: {chosen.data} is absent")
    return chosen


def train_for(run: Run, folder: RunFolder, chosen: argparse.Namespace) -> float:
    """Train until the run's end or the time is over, printing as it goes; processor seconds it took."""
    began = printed = time.process_time()
    losses: list[float] = []
    waited = computed = 0.0
    with closing(train(run, folder, chosen.device, chosen.threads)) as steps:
        for step in steps:
            now = time.process_time()
            if isinstance(step, TrainStep):
                losses.append(step.loss)
                waited, computed = waited + step.waited, computed + step.seconds
                if now - printed > PRINTED_EVERY:
                    speed = f"{computed / len(losses):.3f} s each, {100 * waited / computed:.1f} % waiting"
                    loss = f"loss {np.mean(losses[-100:]):.4f}"
                    print(f"{now - began:6.0f} s  iteration {step.iteration:6d}  {loss}  {speed}", flush=True)
                    printed = now
                if now - began > 60 * chosen.cpu_minutes:
                    break
            elif isinstance(step, Validation):
                print(f"  {step.dataset} {dict(step.parameters)} {_short(step.scores)}", flush=True)
            elif isinstance(step, Notice):
                print(step.text)
            elif isinstance(step, Saved) and step.best_by:
                print(f"  iteration {step.iteration} is the best by {', '.join(step.best_by)}", flush=True)
    return time.process_time() - began


def test(folder: RunFolder, datasets: tuple[OpenDataset, ...], device: str) -> Iterator[ValidationRow]:
    """The rows of data that took no part, with weights and parameters chosen on the validation data."""
    run = folder.saved_run()
    decides = run.task.criteria()[0]
    best = best_row(decides, mean_rows(History(folder.path).read().validations))
    if best is None:
        raise SystemExit("nothing was validated; train longer")
    print(f"chosen on validation: iteration {best.iteration}, {dict(best.parameters)}, {_short(best.scores)}")
    trained = load_trained(folder, criterion=decides.name, device=device)
    predictions = Predictions(folder.path / "test")
    for dataset in datasets:
        steps = validate(trained, dataset, predictions)
        rows = [step for step in steps if isinstance(step, Validation)]
        chosen = next(row for row in rows if dict(row.parameters) == dict(best.parameters))
        yield ValidationRow(chosen.iteration, chosen.dataset, chosen.parameters, chosen.scores)


def table(rows: dict[str, dict[str, float]], columns: tuple[str, ...]) -> str:
    """A Markdown table, one line a row."""
    lines = ["| | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for name, scores in rows.items():
        lines.append(f"| {name} | " + " | ".join(f"{scores[column]:.3f}" for column in columns) + " |")
    return "\n".join(lines)


def _short(scores: object) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in dict(scores).items())  # type: ignore[call-overload]
