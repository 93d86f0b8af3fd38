"""DSB2018: 2D fluorescence nuclei; train on 40 images, score the other 20.

    .venv/bin/python benchmarks/dsb2018.py --threads 1

Eight of the 40 choose iteration and parameters.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from experiment import options, table, test, train_for
from skimage.io import imread

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.augments.blur import Blur
from napari_dacapo.augments.elastic import Elastic
from napari_dacapo.augments.gamma import Gamma
from napari_dacapo.augments.gaussian_noise import GaussianNoise
from napari_dacapo.augments.intensity_scale_shift import IntensityScaleShift
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.augments.rotate import Rotate
from napari_dacapo.augments.scale import Scale
from napari_dacapo.augments.transpose import Transpose
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.scores.adapted_rand import AdaptedRand
from napari_dacapo.scores.detection import Detection
from napari_dacapo.scores.mean_iou import MeanIoU
from napari_dacapo.scores.variation_of_information import VariationOfInformation
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.trainers.trainer import Trainer

TRAINING, VALIDATION = 32, 8  # images; the rest is scored
NEIGHBORHOOD = ((1, 0), (0, 1), (3, 0), (0, 3), (9, 0), (0, 9), (6, 6), (6, -6))
AUGMENTS = (
    *(Mirror(), Transpose(), Rotate(), Scale(), Elastic(probability=0.3)),
    *(IntensityScaleShift(), Gamma(), Blur(probability=0.3), GaussianNoise(probability=0.3)),
)
COLUMNS = ("ap_50", "f1_50", "mean_iou", "adapted_rand")


def dataset(image_folder: Path, work: Path) -> Dataset:
    """The image as one grey channel and its nuclei as one labels image, in voxel units."""
    title = image_folder.name[:8]
    place = work / "images" / title
    if not (place / "labels.zarr").exists():
        (image,) = (image_folder / "images").glob("*.png")
        grey = imread(image)[..., :3].mean(-1).astype(np.uint8)
        labels = np.zeros(grey.shape, np.uint16)
        for nucleus, mask in enumerate(sorted((image_folder / "masks").glob("*.png")), start=1):
            labels[imread(mask) > 0] = nucleus
        world: dict[str, Any] = {
            "axes": "yx",
            "voxel_size": (1.0, 1.0),
            "offset": (0.0, 0.0),
            "unit": "voxel",
        }
        write_ome_zarr(place / "raw.zarr", grey, **world)
        write_ome_zarr(place / "labels.zarr", labels, **world)
    sources = (File(path=str((place / name).resolve())) for name in ("raw.zarr", "labels.zarr"))
    raw, labels_source = sources
    return Dataset(title=title, raw=raw, labels=labels_source)


def main() -> None:
    chosen = options("dsb2018_nuclei_2d", 40)
    work = chosen.work / "dsb2018"
    ids = json.loads((chosen.data / "SELECTION.json").read_text())["fluor"]
    order = np.random.default_rng(0).permutation(len(ids))
    datasets = [dataset(chosen.data / "stage1_train" / ids[i], work) for i in order]
    run = Run(
        datasplit=ListedDatasets(
            train=tuple(datasets[:TRAINING]),
            validate=tuple(datasets[TRAINING : TRAINING + VALIDATION]),
        ),
        architecture=UNet(
            input_shape=(256, 256),
            eval_shape_increase=(256, 256),
            num_fmaps=16,
            fmap_inc_factor=2,
            fmaps_out=16,
            downsample_factors=((2, 2), (2, 2), (2, 2)),
            padding="same",
        ),
        task=Affinities(
            neighborhood=NEIGHBORHOOD,
            postprocessor=MutexWatershed(
                bias=(0.25, 0.5, 0.75), foreground=(0.5, 0.7, 0.85), min_size=(10, 30)
            ),
            scores=(Detection(), MeanIoU(), VariationOfInformation(), AdaptedRand()),
        ),
        trainer=Trainer(
            augments=AUGMENTS,
            batch_size=2,
            optimizer="AdamW",
            learning_rate=1e-3,
            warmup_iterations=50,
            schedule="cosine",
        ),
        iterations=chosen.iterations or 1400,
        validation_interval=200,
    )
    folder = RunFolder(work / "run", work)
    seconds = train_for(run, folder, chosen)
    held_out = tuple(d.open(work, run.datasplit.normalization) for d in datasets[TRAINING + VALIDATION :])
    scores = [dict(row.scores) for row in test(folder, held_out, chosen.device)]
    rows = {f"mean of {len(scores)} images": {c: float(np.mean([s[c] for s in scores])) for c in COLUMNS}}
    print(f"\ntrained {seconds / 60:.1f} processor minutes\n\n{table(rows, COLUMNS)}")


if __name__ == "__main__":
    main()
