"""The weights of a run of DaCapo as a checkpoint of ours."""

from __future__ import annotations

from pathlib import Path

from napari_dacapo.errors import CheckpointError
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints, State
from napari_dacapo.experiments.checkpoints.dacapo_checkpoint import read_dacapo_weights
from napari_dacapo.experiments.checkpoints.weights import load_weights_into, size_of
from napari_dacapo.experiments.network import build_network
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder


def newest_checkpoint(folder: Path, run: str) -> Path | None:
    """The one of the latest iteration of a run in a DaCapo folder."""
    found = checkpoints_of(folder, run)
    return found[max(found)] if found else None


def checkpoints_of(folder: Path, run: str) -> dict[int, Path]:
    """By iteration; DaCapo keeps every one."""
    files = (folder / run / "checkpoints" / "iterations").glob("*")
    return {int(file.name): file for file in files if file.name.isdecimal() and file.is_file()}


def keep_weights(run: Run, folder: RunFolder, checkpoint: Path, input_channels: int) -> str:
    """Write them as the run's checkpoint, of the optimiser nothing; says what was done.

    Raises CheckpointError, with nothing written, where they do not fit or the run has weights already.
    """
    import torch

    iteration = int(checkpoint.name)
    checkpoints = Checkpoints(folder.checkpoints, run.identity)
    with folder.alone():
        if checkpoints.iterations():
            raise CheckpointError(f"{folder.path} holds a trained run already. Rename or delete that first.")
        network = build_network(run, input_channels)
        load_weights_into(network, read_dacapo_weights(checkpoint, size_of(network)))
        folder.save_run(run)
        size = {"batch_size": run.trainer.batch_size, "input_shape": list(run.architecture.input_patch)}
        extra = {
            "size": size,
            "skipped": 0,
            "input_channels": input_channels,
            "channel_names": list(run.task.channel_names(run.architecture.dims)),
        }
        state = State(
            iteration=iteration,
            weights=network.state_dict(),
            optimizer=run.trainer.build_optimizer(network.parameters()).state_dict(),
            rng={"torch": torch.get_rng_state()},
            extra=extra,
        )
        checkpoints.save(state, reasons=("trained by DaCapo",))
    return f"iteration {iteration:,}"
