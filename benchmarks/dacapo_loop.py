"""DaCapo's own training loop, paused between bursts; `against_dacapo.py` runs this file with DaCapo's Python.

    python dacapo_loop.py FOLDER ITERATIONS INTERVAL BURST AUGMENT LEARNING_RATE

Reads train_raw.npy, train_labels.npy, test_raw.npy and test_labels.npy from the folder, writes them as DaCapo
wants them, stores a run called "bench" and trains it: `train_run` of release 0.3.5, nothing in it changed but
that fetching a batch waits for a line on standard input after every burst. Prints one line of JSON a burst.
"""

import json
import math
import os
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

VOXEL = (8, 8, 8)  # nm
NEIGHBORHOOD = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (6, 0, 0), (0, 6, 0), (0, 0, 6))


class Clock:
    """What iterations and validations took: [wall seconds, processor seconds, seconds waited for data]."""

    def __init__(self, results: Any, burst: int) -> None:
        self.results = results
        self.burst = burst
        self.iterations: list[list[float]] = []
        self.validations: list[list[float]] = []
        self.began: tuple[float, float] | None = None
        self.waited = 0.0

    def begin(self) -> None:
        self.end()
        if len(self.iterations) % self.burst == 0:
            self.say({"iterations": self.iterations[-self.burst :]})
            sys.stdin.readline()
        self.began = now()

    def end(self) -> None:
        if self.began is not None:
            self.iterations.append([*since(self.began), self.waited])
        self.began = None

    def say(self, what: dict[str, Any]) -> None:
        print(json.dumps(what), file=self.results, flush=True)


def main() -> None:
    folder, iterations, interval, burst, augment = Path(sys.argv[1]), *map(int, sys.argv[2:5]), sys.argv[5]
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what DaCapo prints goes elsewhere
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    os.chdir(folder)
    runs = folder / "dacapo"
    Path("dacapo.yaml").write_text(f"type: files\nruns_base_dir: {runs}\n")
    os.environ["DACAPO_OPTIONS_FILE"] = str(folder / "dacapo.yaml")
    write_data(folder)
    run = stored_run(folder / "data.zarr", iterations, interval, augment, learning_rate=float(sys.argv[6]))
    clock = Clock(results, burst)
    watch(clock)
    from dacapo.train import train_run

    train_run(run)
    clock.say(
        {
            "iterations": clock.iterations[-(len(clock.iterations) % burst or burst) :],
            "validations": clock.validations,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "disk_bytes": sum(file.stat().st_size for file in runs.rglob("*") if file.is_file()),
            "parameters": sum(each.numel() for each in run.model.parameters()),
            "threads": torch.get_num_threads(),
        }
    )


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def since(began: tuple[float, float]) -> list[float]:
    return [after - before for before, after in zip(began, now(), strict=True)]


def watch(clock: Clock) -> None:
    """Time the loop from outside: what it calls to fetch a batch, and to validate."""
    import dacapo.train  # noqa: F401 - the module, not the function of its name
    from dacapo.experiments.trainers import GunpowderTrainer

    fetch = GunpowderTrainer.next
    module: Any = sys.modules["dacapo.train"]
    validate = module.validate_run

    def timed_fetch(trainer: Any) -> Any:
        clock.begin()
        began = now()
        batch = fetch(trainer)
        clock.waited = since(began)[0]
        return batch

    def timed_validate(*arguments: Any) -> Any:
        clock.end()
        began = now()
        found = validate(*arguments)
        clock.validations.append(since(began))
        return found

    GunpowderTrainer.next = timed_fetch
    module.validate_run = timed_validate


def write_data(folder: Path) -> None:
    from funlib.persistence import prepare_ds

    for split in ("train", "test"):
        for name in ("raw", "labels"):
            values = np.load(folder / f"{split}_{name}.npy")
            path = folder / "data.zarr" / split / name
            path.parent.mkdir(parents=True, exist_ok=True)
            array = prepare_ds(
                path,
                shape=values.shape,
                offset=(0, 0, 0),
                voxel_size=VOXEL,
                axis_names=["z", "y", "x"],
                units=["nm"] * 3,
                dtype=values.dtype,
                mode="w",
                chunk_shape=(32,) * 3,
            )
            array[array.roi] = values


def stored_run(data: Path, iterations: int, interval: int, augment: str, learning_rate: float) -> Any:
    from dacapo.experiments import Run, RunConfig
    from dacapo.experiments.architectures import CNNectomeUNetConfig
    from dacapo.experiments.datasplits.simple_config import SimpleDataSplitConfig
    from dacapo.experiments.tasks import AffinitiesTaskConfig
    from dacapo.experiments.trainers import GunpowderTrainerConfig
    from dacapo.store.create_store import create_config_store
    from funlib.geometry import Coordinate

    config = RunConfig(
        name="bench",
        repetition=0,
        num_iterations=iterations,
        validation_interval=interval,
        datasplit_config=SimpleDataSplitConfig(name="cells", path=data),
        architecture_config=CNNectomeUNetConfig(
            name="unet",
            input_shape=Coordinate(92, 92, 92),
            eval_shape_increase=Coordinate(32, 32, 32),
            fmaps_in=1,
            num_fmaps=8,
            fmaps_out=8,
            fmap_inc_factor=3,
            downsample_factors=[(2, 2, 2), (2, 2, 2)],
        ),
        task_config=AffinitiesTaskConfig(
            name="affinities", neighborhood=[Coordinate(offset) for offset in NEIGHBORHOOD]
        ),
        trainer_config=GunpowderTrainerConfig(
            name="trainer",
            batch_size=1,
            learning_rate=learning_rate,
            num_data_fetchers=1,
            augments=tutorial() if augment == "tutorial" else [],
        ),
    )
    create_config_store().store_run_config(config)
    return Run(config)


def tutorial() -> list[Any]:
    from dacapo.experiments.trainers import gp_augments

    return [
        gp_augments.SimpleAugmentConfig(),
        gp_augments.ElasticAugmentConfig(
            control_point_spacing=(100, 100, 100),
            control_point_displacement_sigma=(10.0, 10.0, 10.0),
            rotation_interval=(0, math.pi / 2),
            subsample=8,
            uniform_3d_rotation=True,
        ),
        gp_augments.IntensityAugmentConfig(scale=(0.25, 1.75), shift=(-0.5, 0.35), clip=False),
    ]


if __name__ == "__main__":
    main()
