"""go-nuclear: anisotropic 3D fluorescence nuclei; train on one volume, score the other.

    .venv/bin/python benchmarks/gonuclear.py --threads 1

The far quarter of the training volume (slices 75..99) chooses iteration and parameters.
"""

from experiment import options, table, test, train_for

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.file import File
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.scores.adapted_rand import AdaptedRand
from napari_dacapo.scores.detection import Detection
from napari_dacapo.scores.mean_iou import MeanIoU
from napari_dacapo.scores.variation_of_information import VariationOfInformation
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.trainers.trainer import Trainer

NEIGHBORHOOD = (
    *((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    *((2, 0, 0), (0, 4, 0), (0, 0, 4)),
    *((4, 0, 0), (0, 9, 0), (0, 0, 9)),
)
COLUMNS = ("f1_50", "ap_50", "mean_iou", "voi_sum", "adapted_rand")


def dataset(path: str, title: str) -> Dataset:
    return Dataset(title=title, raw=File(path=path, array="raw"), labels=File(path=path, array="label"))


def main() -> None:
    chosen = options("gonuclear_ovule_nuclei", 30)
    first, second = (str((chosen.data / f"{name}_mini.h5").resolve()) for name in ("1135", "1136"))
    run = Run(
        datasplit=HeldOutSlab(dataset=dataset(first, "1135"), axis="z", fraction=0.25),
        architecture=UNet(
            input_shape=(52, 108, 108),
            eval_shape_increase=(8, 40, 40),
            num_fmaps=8,
            fmap_inc_factor=3,
            fmaps_out=8,
            downsample_factors=((1, 2, 2), (2, 2, 2)),
        ),
        task=Affinities(
            neighborhood=NEIGHBORHOOD,
            postprocessor=MutexWatershed(bias=(0.25, 0.5, 0.75), foreground=(0.2, 0.5, 0.8), min_size=(200,)),
            scores=(Detection(), MeanIoU(), VariationOfInformation(), AdaptedRand()),
        ),
        trainer=Trainer(optimizer="AdamW", learning_rate=1e-3, warmup_iterations=50, schedule="cosine"),
        iterations=chosen.iterations or 600,
        validation_interval=200,
    )
    work = chosen.work / "gonuclear"
    folder = RunFolder(work / "run", work)
    seconds = train_for(run, folder, chosen)
    opened = dataset(second, "1136").open(work, run.datasplit.normalization)
    rows = {
        f"{row.dataset}, iteration {row.iteration}": dict(row.scores)
        for row in test(folder, (opened,), chosen.device)
    }
    print(f"\ntrained {seconds / 60:.1f} processor minutes\n\n{table(rows, COLUMNS)}")


if __name__ == "__main__":
    main()
