"""FIB-25: train affinities on one part of the cube, score another beside the FFN and a classical watershed.

    .venv/bin/python benchmarks/fib25.py --threads 1

Slices 0..139 train, 140..169 choose iteration and post-processing parameters, 170..249 are scored.
"""

import gzip
import io
from pathlib import Path

import h5py
import numpy as np
from experiment import options, table, test, train_for
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.crop import Crop
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.trainers.trainer import Trainer

NM = 10.0  # isotropic voxels
VALIDATION = (140, 170)  # slices
TEST = (170, 250)
NEIGHBORHOOD = (
    *((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    *((3, 0, 0), (0, 3, 0), (0, 0, 3)),
    *((9, 0, 0), (0, 9, 0), (0, 0, 9)),
)
COLUMNS = ("voi_split", "voi_merge", "voi_sum", "adapted_rand")


def bodies(folder: Path) -> NDArray[np.uint32]:
    """(z, y, x): the file's stack are supervoxels, its transforms give each one's body."""
    with h5py.File(io.BytesIO(gzip.decompress((folder / "groundtruth.h5.gz").read_bytes()))) as file:
        stack, transforms = file["stack"][:], file["transforms"][:]
    body = np.zeros(int(stack.max()) + 1, np.uint32)
    body[transforms[:, 0]] = transforms[:, 1]
    labels: NDArray[np.uint32] = body[stack]
    return labels


def slab(source: File, begin: int, end: int) -> File:
    return source.replace(steps=(Crop(begin=(begin * NM, 0.0, 0.0), end=(end * NM, 250 * NM, 250 * NM)),))


def experiment(data: Path, work: Path) -> tuple[Run, Dataset]:
    """The run, and the dataset that takes no part in it."""
    labels_path = work / "bodies.zarr"
    if not labels_path.exists():
        write_ome_zarr(
            labels_path, bodies(data), axes="zyx", voxel_size=(NM,) * 3, offset=(0.0,) * 3, unit="nm"
        )
    raw = File(path=str((data / "grayscale_maps").resolve()), voxel_size=(NM,) * 3, unit="nm")
    labels = File(path=str(labels_path.resolve()))
    datasets = {
        title: Dataset(title=title, raw=raw, labels=slab(labels, begin, end))
        for title, (begin, end) in {
            "train": (0, VALIDATION[0]),
            "validation": VALIDATION,
            "test": TEST,
        }.items()
    }
    run = Run(
        datasplit=ListedDatasets(
            normalization=FixedRange(low=0.0, high=255.0),
            train=(datasets["train"],),
            validate=(datasets["validation"],),
        ),
        architecture=UNet(
            input_shape=(100, 100, 100),
            eval_shape_increase=(40, 40, 40),
            num_fmaps=8,
            fmap_inc_factor=4,
            fmaps_out=8,
            downsample_factors=((2, 2, 2), (2, 2, 2)),
        ),
        task=Affinities(neighborhood=NEIGHBORHOOD),
        trainer=Trainer(
            optimizer="AdamW",
            learning_rate=1e-3,
            warmup_iterations=50,
            schedule="cosine",
            seed=1,  # with 0 most ReLUs die in the first steps
        ),
        iterations=1800,
        validation_interval=500,
    )
    return run, datasets["test"]


def classical(raw: NDArray[np.uint8], threshold: int) -> NDArray[np.int32]:
    """Gaussian, threshold, seeds from the distance transform, watershed."""
    smooth = ndimage.gaussian_filter(raw.astype(np.float32), 1.5)
    distance = ndimage.distance_transform_edt(smooth > threshold)
    peaks = distance == ndimage.maximum_filter(distance, 9)
    seeds, _ = ndimage.label(peaks & (distance > 1))
    found: NDArray[np.int32] = watershed(-distance, seeds)  # type: ignore[no-untyped-call]
    return found


def main() -> None:
    chosen = options("fib25_neuroproof_training_sample2", 80)
    work = chosen.work / "fib25"
    work.mkdir(parents=True, exist_ok=True)
    run, test_data = experiment(chosen.data, work)
    if chosen.iterations:
        run = run.replace(iterations=chosen.iterations)
    folder = RunFolder(work / "run", work)
    seconds = train_for(run, folder, chosen)
    opened = test_data.open(work, run.datasplit.normalization)
    (row,) = test(folder, (opened,), chosen.device)
    rows = {f"ours, iteration {row.iteration}": dict(row.scores)}
    begin, end = TEST
    truth = bodies(chosen.data)[begin:end]
    known = np.ones(truth.shape, np.bool_)
    published = np.load(chosen.data / "ffn_baseline/sample-training2.npz", allow_pickle=False)
    ffn = published["segmentation"][begin:end]
    nearest = ndimage.distance_transform_edt(ffn == 0, return_distances=False, return_indices=True)
    rows["FFN, its unlabelled voxels left out"] = run.task.score(ffn, truth, ffn > 0)
    rows["FFN, filled by the nearest label"] = run.task.score(ffn[tuple(nearest)], truth, known)
    raw = opened.raw.read((0, 0, 0), opened.raw.spatial_shape)
    raw = (255 * raw.reshape(opened.raw.spatial_shape)).astype(np.uint8)[begin:end]
    for threshold in (120, 130, 140):
        rows[f"classical watershed, threshold {threshold}"] = run.task.score(
            classical(raw, threshold), truth, known
        )
    print(f"\ntrained {seconds / 60:.1f} processor minutes\n\n{table(rows, COLUMNS)}")


if __name__ == "__main__":
    main()
