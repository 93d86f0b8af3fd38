"""The smallest record of each kind that has no defaults for everything, and what kinds there are."""

import inspect
import pkgutil
from importlib import import_module
from typing import Any

from saved_networks import bioimageio_model, saved_network

import napari_dacapo
from napari_dacapo.architectures.bioimageio_model import BioimageioModel
from napari_dacapo.architectures.monai_network import MonaiNetwork
from napari_dacapo.architectures.residual_unet import ResidualUNet
from napari_dacapo.architectures.saved_network import SavedNetwork
from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.binarize import Binarize, Group
from napari_dacapo.arrays.concat_channels import ConcatChannels
from napari_dacapo.arrays.crop import Crop
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.masked import Masked
from napari_dacapo.arrays.merge_labels import MergeLabels
from napari_dacapo.arrays.renumber import Renumber
from napari_dacapo.arrays.resample import Resample
from napari_dacapo.arrays.select_channels import SelectChannels
from napari_dacapo.clusters.scheduler import Scheduler
from napari_dacapo.config import Config, Family
from napari_dacapo.datasplits.csv_datasets import CsvDatasets
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.folder_datasets import FolderDatasets
from napari_dacapo.datasplits.held_out_box import HeldOutBox
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.starts.from_dacapo import FromDacapo
from napari_dacapo.experiments.starts.from_file import FromFile
from napari_dacapo.experiments.starts.from_model import FromModel
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.affinities_with_descriptors import AffinitiesWithDescriptors
from napari_dacapo.trainers.trainer import Trainer

EXTRAS = {"MonaiNetwork": "monai", "BioimageioModel": "bioimageio"}  # what kinds need that are not for all
OTHER_ROOMS = ("widgets", "layers", "cli", "__main__")  # know a window or a command line, and no kinds
OF_THE_ENGINE = ("Manifest", "Member")  # what a checkpoint's own file holds; nobody fills it in

IDS = File(path="ids.zarr")  # see `write_files`
DATASET = Dataset(title="cube", raw=File(path="raw.zarr"), labels=IDS)

EXAMPLES: dict[str, Config] = {
    "Binarize": Binarize(groups=(Group(title="one", ids=(1,)), Group(title="all"))),
    "ConcatChannels": ConcatChannels(sources=(IDS, IDS)),
    "Crop": Crop(begin=(1.0, 2.0, 2.0), end=(4.0, 8.0, 10.0)),
    "CsvDatasets": CsvDatasets(path="datasets.csv"),
    "Dataset": DATASET,
    "File": IDS,
    "FolderDatasets": FolderDatasets(path="."),
    "FromDacapo": FromDacapo(path="200"),
    "FromFile": FromFile(path="weights.safetensors"),
    "FromModel": FromModel(path="model.zip"),
    "FromRun": FromRun(run="another"),
    "Group": Group(title="all"),
    "HeldOutBox": HeldOutBox(dataset=DATASET, begin=(0.0, 0.0, 0.0), end=(4.0, 4.0, 4.0)),
    "HeldOutSlab": HeldOutSlab(dataset=DATASET),
    "ListedDatasets": ListedDatasets(train=(DATASET,), validate=(DATASET,)),
    "Masked": Masked(source=IDS, mask=IDS),
    "MergeLabels": MergeLabels(sources=(IDS, IDS)),
    "Renumber": Renumber(ids=(3, 1)),
    "Resample": Resample(voxel_size=(2.0, 4.0, 4.0), method="nearest"),
    "Run": Run(
        datasplit=ListedDatasets(train=(DATASET,), validate=()),
        architecture=UNet(),
        task=Affinities(),
        trainer=Trainer(),
    ),
    "Scheduler": Scheduler(address="tcp://localhost:8786"),
    "SelectChannels": SelectChannels(channels=(1, 0)),
}

IN_2D: dict[str, Config] = {
    "Affinities": Affinities(neighborhood=((1, 0), (0, 1), (0, 4), (4, 0))),
    "AffinitiesWithDescriptors": AffinitiesWithDescriptors(neighborhood=((1, 0), (0, 1)), lsd_voxels=2),
    "MonaiNetwork": MonaiNetwork(
        network="DynUNet",
        num_fmaps=4,
        downsample_factors=((2, 2), (2, 2)),
        input_shape=(32, 32),
        eval_shape_increase=(0, 0),
        margin=(8, 8),
    ),
    "ResidualUNet": ResidualUNet(
        input_shape=(60, 60), eval_shape_increase=(0, 0), downsample_factors=((2, 2), (2, 2))
    ),
    "UNet": UNet(input_shape=(60, 60), eval_shape_increase=(0, 0), downsample_factors=((2, 2), (2, 2))),
}


def example(kind: type[Config], dims: int = 3) -> Any:
    """A record of that kind, for data of so many dimensions."""
    if kind is SavedNetwork:
        return saved_network(dims)
    if kind is BioimageioModel:
        return bioimageio_model(dims)
    chosen = EXAMPLES if dims == 3 else IN_2D | EXAMPLES
    if kind.__name__ in chosen:
        return chosen[kind.__name__]
    try:
        return kind()
    except UserInputError as missing:
        raise AssertionError(f"give {kind.__name__} the smallest record that works, in EXAMPLES") from missing


def families() -> list[type[Family]]:
    return sorted(filter(_is_ours, Family.__subclasses__()), key=lambda family: family.__name__)


def records() -> list[type[Config]]:
    """Every record of the engine that a person makes: kinds of families, and records of one kind only."""
    found = (record for record in _concrete(Config) if record.__name__ not in OF_THE_ENGINE)
    return sorted(found, key=lambda record: record.__name__)


def _concrete(record: type[Config]) -> set[type[Config]]:
    own = {record} if _is_ours(record) and not inspect.isabstract(record) else set()
    return own.union(*map(_concrete, record.__subclasses__())) - {Config, Family}


def _is_ours(record: type[Config]) -> bool:
    package, *rooms = record.__module__.split(".")
    return package == napari_dacapo.__name__ and rooms[0] not in OTHER_ROOMS


def _import_every_room() -> None:
    for module in pkgutil.walk_packages(napari_dacapo.__path__, f"{napari_dacapo.__name__}."):
        if module.name.split(".")[1] not in OTHER_ROOMS:
            import_module(module.name)


_import_every_room()
