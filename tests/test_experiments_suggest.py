"""A first network, task and trainer: a pure function of what was measured of data and machine."""

import gzip
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tiny
from skimage.io import imread

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.arrays.renumber import Renumber
from napari_dacapo.arrays.select_channels import SelectChannels
from napari_dacapo.augments.elastic import Elastic
from napari_dacapo.datasplits.dataset import Dataset, OpenDataset
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.results.results import whole
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.suggesting.measurements import Measurements, measure
from napari_dacapo.experiments.suggesting.suggest import Suggestion, suggest, suggest_for
from napari_dacapo.experiments.suggesting.suggested_task import neighborhood
from napari_dacapo.experiments.training.preflight import preflight
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.signed_distance import SignedDistance

GIB = 1 << 30
DENSE = Measurements(  # like neurites in FIB-SEM
    voxel_size=(8.0, 8.0, 8.0),
    shape=(250, 250, 250),
    input_channels=1,
    label_channels=(),
    ids=tuple(range(1, 500)),
    has_strays=False,
    parts=1.0,
    chord=(18.0, 18.0, 18.0),
    touching=1.0,
    unbounded=0.0,
    fill=0.4,
    memory=16 * GIB,
    on_gpu=False,
)
NUCLEI = replace(  # like a fluorescence image in 2D
    DENSE, voxel_size=(1.0, 1.0), shape=(256, 256), chord=(20.0, 20.0), touching=0.02, fill=0.77
)


def opened(labels: np.ndarray, voxel_size: tuple[float, ...] | None = None, **fields: Any) -> OpenDataset:
    dims = labels.ndim
    array = from_numpy(labels, "zyx"[-dims:], voxel_size or (1.0,) * dims)
    values: dict[str, Any] = {
        "title": "data",
        "raw": array,
        "labels": array,
        "known": None,
        "region": array.box,
        "excluded": None,
        "weight": 1,
        "points": (),
    }
    return OpenDataset(**(values | fields))


class TestNetwork:
    """The U-Net."""

    @pytest.mark.parametrize(
        ("voxel_size", "factors", "kernels_of_1"),
        [
            ((8.0, 8.0, 8.0), ((2, 2, 2), (2, 2, 2)), [False, False, False]),
            ((40.0, 4.0, 4.0), ((1, 2, 2), (1, 2, 2)), [True, True, False]),  # 40, 40, 40 / 4, 8, 16
            ((16.0, 8.0, 8.0), ((1, 2, 2), (2, 2, 2)), [True, False, False]),
            ((12.0, 8.0, 8.0), ((2, 2, 2), (2, 2, 2)), [False, False, False]),
        ],
    )
    def test_poolings_and_kernels_even_out_long_voxels(
        self, voxel_size: tuple[float, ...], factors: Any, kernels_of_1: list[bool]
    ) -> None:
        network = suggest(replace(DENSE, voxel_size=voxel_size)).architecture
        assert network.downsample_factors == factors
        assert [level[0] == (1, 3, 3) for level in network.kernel_size_down] == kernels_of_1
        assert network.kernel_size_up == network.kernel_size_down[:-1]
        assert network.warnings(voxel_size) == ()

    def test_a_patch_is_as_cubic_in_the_world_as_can_be(self) -> None:
        z, y, x = suggest(replace(DENSE, voxel_size=(40.0, 8.0, 8.0))).architecture.input_patch
        assert y == x and 0.75 < z * 40 / (y * 8) < 1.25

    @pytest.mark.parametrize(
        "shape",
        [(250, 250, 250), (60, 60, 60), (20, 20, 20), (5, 5, 5), (4, 300, 300), (300, 4, 4)],
    )
    def test_the_output_fits_into_the_labels(self, shape: tuple[int, ...]) -> None:
        network = suggest(replace(DENSE, shape=shape)).architecture
        output = network.output_shape(network.input_patch)
        assert all(o <= n for o, n in zip(output, shape, strict=True))

    def test_little_data_gets_fewer_levels(self) -> None:
        assert len(suggest(replace(DENSE, shape=(3, 64, 64))).architecture.downsample_factors) == 1

    @pytest.mark.parametrize(("on_gpu", "memory", "fmaps"), [(False, 64, 8), (True, 8, 12), (True, 24, 24)])
    def test_feature_maps_are_as_many_as_the_device_bears(
        self, on_gpu: bool, memory: int, fmaps: int
    ) -> None:
        found = replace(DENSE, on_gpu=on_gpu, memory=memory * GIB)
        assert suggest(found).architecture.num_fmaps == fmaps

    @pytest.mark.parametrize("found", [DENSE, NUCLEI])
    @pytest.mark.parametrize("memory", [GIB, 4 * GIB, 80 * GIB])
    def test_a_step_of_training_and_a_block_of_prediction_fit_into_half_of_the_memory(
        self, found: Measurements, memory: int
    ) -> None:
        made = suggest(replace(found, on_gpu=True, memory=memory))
        network, patches = made.architecture, made.trainer.batch_size
        assert network.training_bytes(1, network.input_patch, patches) <= memory // 2
        assert network.prediction_bytes(1, network.validation_patch) <= memory // 2

    def test_a_gpu_gets_larger_patches(self) -> None:
        small, large = (
            suggest(replace(DENSE, on_gpu=on_gpu, memory=40 * GIB)).architecture for on_gpu in (False, True)
        )
        assert large.input_patch > small.input_patch

    def test_it_builds(self) -> None:
        for found in (DENSE, NUCLEI, replace(DENSE, voxel_size=(40.0, 4.0, 4.0), input_channels=2)):
            suggest(found).architecture.build(found.input_channels)


class TestTask:
    """What is learned."""

    @pytest.mark.parametrize(
        ("changes", "kind"),
        [
            ({}, Affinities),
            ({"touching": 0.02, "fill": 0.5}, SignedDistance),
            ({"ids": (1,)}, OneHot),
            ({"ids": (255,)}, SignedDistance),
            ({"touching": 0.0, "unbounded": 0.9}, Affinities),  # strokes, whose distances are not known
            ({"ids": (255,), "unbounded": 0.9}, Affinities),
            ({"ids": (1, 2, 3), "parts": 40.0}, OneHot),
            ({"ids": (1, 2, 3), "parts": 1.0}, Affinities),  # three objects, not three classes
            ({"label_channels": ("axon", "myelin")}, SignedDistance),
        ],
    )
    def test_the_labels_decide(self, changes: dict[str, Any], kind: type) -> None:
        assert type(suggest(replace(DENSE, **changes)).task) is kind

    @pytest.mark.parametrize(
        ("chord", "expected"),
        [
            ((18.0, 18.0), ((1, 0), (0, 1), (3, 0), (0, 3), (9, 0), (0, 9))),
            (
                (6.0, 18.0, 18.0),
                ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 3, 0), (0, 0, 3), (3, 0, 0), (0, 9, 0), (0, 0, 9)),
            ),
            ((1.0, 2.0), ((1, 0), (0, 1))),
            ((1000.0, 12.0), ((1, 0), (0, 1), (30, 0), (0, 2), (0, 6))),
        ],
    )
    def test_affinities_reach_as_far_as_half_an_object(self, chord: tuple[float, ...], expected: Any) -> None:
        assert neighborhood(chord) == expected

    @pytest.mark.parametrize(
        ("changes", "scale", "postprocessor"),
        [
            ({}, 7.0, "DistanceWatershed"),  # 0.35 of 20 pixels
            ({"voxel_size": (100.0, 100.0)}, 700.0, "DistanceWatershed"),
            ({"chord": (2.0, 2.0)}, 2.0, "DistanceWatershed"),
            ({"chord": (500.0, 500.0)}, 25.0, "DistanceWatershed"),
            ({"fill": 0.2}, 7.0, "ConnectedComponents"),
        ],
    )
    def test_distances_are_scaled_to_the_objects(
        self, changes: dict[str, Any], scale: float, postprocessor: str
    ) -> None:
        task = suggest(replace(NUCLEI, **changes)).task
        assert isinstance(task, SignedDistance) and task.scale == pytest.approx(scale)
        assert type(task.postprocessor).__name__ == postprocessor

    @pytest.mark.parametrize(
        ("ids", "strays", "classes", "renumbered"),
        [
            ((1, 2), False, ("background", "class 1", "class 2"), ()),
            ((1, 2), True, ("background", "id 1", "id 2"), (1, 2)),
            ((127, 255), False, ("background", "id 127", "id 255"), (127, 255)),
        ],
    )
    def test_ids_that_are_no_numbers_of_classes_are_to_be_renumbered(
        self, ids: tuple[int, ...], strays: bool, classes: tuple[str, ...], renumbered: tuple[int, ...]
    ) -> None:
        made = suggest(replace(DENSE, ids=ids, has_strays=strays, parts=50.0))
        assert isinstance(made.task, OneHot) and made.task.classes == classes
        assert made.label_ids == renumbered

    @pytest.mark.parametrize(
        ("found", "classes", "words"),
        [
            ({"ids": (1,)}, None, "has the id 2: foreground"),
            ({"ids": (4,)}, None, "has the id 5: one class"),
            ({"ids": (1, 2)}, ("background", "class 2", "class 3"), "There are 2 ids"),
            ({"ids": (2, 4)}, ("background", "id 3", "id 5"), "3, 5 are numbered anew, from 2 on"),
        ],
    )
    def test_ids_are_told_as_they_are_painted_beside_what_is_unknown(
        self, found: dict[str, Any], classes: tuple[str, ...] | None, words: str
    ) -> None:
        made = suggest(replace(DENSE, parts=50.0, unlabelled="zero", **found))
        assert words in made.why["task"]
        assert classes is None or made.task.classes == classes

    def test_channels_of_labels_are_the_channels_of_the_task(self) -> None:
        task = suggest(replace(DENSE, label_channels=("axon", "myelin"))).task
        assert task.channel_names(3) == ("axon", "myelin")


class TestTrainer:
    """How it is learned."""

    @pytest.mark.parametrize(
        ("found", "kinds", "bent"),
        [
            (DENSE, ["Mirror", "Transpose", "Elastic", "IntensityScaleShift"], "zyx"),
            (NUCLEI, ["Mirror", "Transpose", "Rotate", "Elastic", "IntensityScaleShift"], "yx"),
            (
                replace(DENSE, voxel_size=(16.0, 8.0, 8.0)),
                ["Mirror", "Transpose", "Rotate", "Elastic", "IntensityScaleShift"],
                "yx",
            ),
            (
                replace(DENSE, voxel_size=(40.0, 4.0, 4.0)),
                [
                    *("Mirror", "Transpose", "Rotate", "Elastic", "IntensityScaleShift"),
                    *("LowContrastSections", "MissingSections"),
                ],
                "yx",
            ),
        ],
    )
    def test_augments_fit_the_voxels(self, found: Measurements, kinds: list[str], bent: str) -> None:
        augments = suggest(found).trainer.augments
        assert [type(each).__name__ for each in augments] == kinds
        (elastic,) = (each for each in augments if isinstance(each, Elastic))
        assert "".join(elastic.axes) == bent

    @pytest.mark.parametrize(
        ("found", "patches"),
        [
            (DENSE, 1),
            (NUCLEI, 4),
            (replace(NUCLEI, on_gpu=True), 8),
            (replace(DENSE, on_gpu=True, memory=80 * GIB), 2),
        ],
    )
    def test_batches_are_as_large_as_the_device_bears(self, found: Measurements, patches: int) -> None:
        assert suggest(found).trainer.batch_size == patches


def test_a_cpu_trains_shorter_and_is_scored_sooner() -> None:
    assert suggest(DENSE).length == {"iterations": 2_000, "validation_interval": 200}
    assert not suggest(replace(DENSE, on_gpu=True)).length  # the defaults of a run


def test_the_same_measurements_give_the_same_suggestion() -> None:
    assert suggest(DENSE) == suggest(replace(DENSE))


@pytest.mark.parametrize(
    "found", [DENSE, NUCLEI, replace(DENSE, ids=(127, 255), parts=9.0), replace(DENSE, ids=(255,))]
)
def test_each_part_has_one_sentence_why(found: Measurements) -> None:
    why = suggest(found).why
    assert list(why) == ["architecture", "task", "trainer"]
    for sentence in why.values():
        assert sentence[0].isupper() and sentence.endswith(".") and len(sentence) <= 250


class TestMeasuring:
    """What is measured of labels."""

    def measured(self, *labels: np.ndarray) -> Measurements:
        return measure(tuple(opened(each) for each in labels), GIB, False)

    def test_lines_within_objects_are_measured_along_each_axis(self) -> None:
        # along y runs of 2 1 1 | 2 1 1, of 4 ones and 4 twos; along x 3 and 1, 1 and 3
        found = self.measured(np.array([[1, 1, 1, 0], [1, 0, 2, 2], [0, 0, 2, 2]], np.uint8))
        assert found.chord == (round(8 / 5, 2), 2.0)

    @pytest.mark.parametrize(
        ("labels", "touching"),
        [([[1, 1, 2, 2]], 1.0), ([[1, 0, 2, 2]], 0.0), ([[1, 2, 0, 3]], 0.33), ([[1, 1, 1, 1]], 0.0)],
    )
    def test_surfaces_that_touch_are_counted(self, labels: list[list[int]], touching: float) -> None:
        assert self.measured(np.array(labels)).touching == pytest.approx(touching, abs=0.01)

    def test_a_disc_fills_three_quarters_of_its_box(self) -> None:
        y, x = np.indices((61, 61)) - 30
        found = self.measured(((y**2 + x**2 < 25**2) * 7).astype(np.uint16))
        assert found.fill == pytest.approx(np.pi / 4, abs=0.03) and found.ids == (7,)

    def test_objects_that_are_cut_count_only_if_no_other_is_whole(self) -> None:
        labels = np.zeros((8, 8), np.uint8)
        labels[0, :4] = labels[1, 0] = 1  # 5 of 8, at the border
        labels[3:6, 3:6] = 2  # all of 9
        assert self.measured(labels).fill == 1.0

    def test_classes_lie_in_many_pieces_and_objects_in_one(self) -> None:
        squares = np.zeros((40, 40), np.uint8)
        squares[::4, ::4] = 1
        squares[2::4, ::4] = 2
        assert self.measured(squares).parts == 100.0
        objects = np.arange(1, 26, dtype=np.uint8).reshape(5, 5).repeat(4, 0).repeat(4, 1)
        assert self.measured(objects).parts == 1.0

    @pytest.mark.parametrize(
        ("conventions", "painted"), [(("zero", "zero"), (3,)), (("zero", "nothing"), (2,))]
    )
    def test_ids_are_one_higher_where_every_dataset_was_painted_so(
        self, conventions: tuple[str, ...], painted: tuple[int, ...]
    ) -> None:
        labels = np.array([[0, 2, 2]], np.uint8)
        training = tuple(opened(labels, unlabelled=convention) for convention in conventions)
        assert measure(training, GIB, False).painted == painted

    def test_rare_ids_are_strays(self) -> None:
        labels = np.full((100, 100), 127, np.uint8)
        labels[:40] = 255
        labels[50, :20] = 130
        found = self.measured(labels)
        assert found.ids == (127, 255) and found.has_strays

    def test_many_small_objects_beside_a_large_one_are_no_strays(self) -> None:
        labels = np.full((100, 100), 1, np.uint16)
        labels[:10, :30] = np.arange(2, 302, dtype=np.uint16).reshape(10, 30)
        found = self.measured(labels)
        assert len(found.ids) == 301 and not found.has_strays

    def test_the_smallest_labelled_extent_counts(self) -> None:
        found = self.measured(np.ones((30, 50), np.uint8), np.ones((60, 20), np.uint8))
        assert found.shape == (30, 20)

    def test_lengths_are_in_voxels_of_raw(self) -> None:
        raw = from_numpy(np.zeros((32, 32), np.uint8), "yx", (4.0, 4.0))
        coarse = opened(np.ones((16, 16), np.uint8), (8.0, 8.0), raw=raw)
        found = measure((coarse,), GIB, False)
        assert found.chord == (32.0, 32.0) and found.voxel_size == (4.0, 4.0) and found.shape == (32, 32)

    def test_unknown_voxels_are_left_out(self) -> None:
        labels = np.array([[1, 1, 2, 2]], np.uint8)
        known = from_numpy(np.array([[True, True, False, False]]), "yx", (1.0, 1.0))
        found = measure((opened(labels, known=known),), GIB, False)
        assert (found.ids, found.unbounded) == ((1,), 1.0)

    def test_a_surface_on_background_is_one(self) -> None:
        labels = np.array([[1, 1, 0, 2]], np.uint8)
        known = from_numpy(np.array([[True, True, True, False]]), "yx", (1.0, 1.0))
        assert measure((opened(labels, known=known),), GIB, False).unbounded == 0.0

    def test_the_window_lies_where_most_is_labelled(self) -> None:
        labels = np.zeros((4000, 1200), np.uint8)
        labels[3500:3700, 400:600] = 3
        assert self.measured(labels).ids == (3,)

    @pytest.mark.parametrize(
        ("datasets", "words"), [([], "nothing trains"), ([np.zeros((9, 9), np.uint8)], "nothing is")]
    )
    def test_nothing_to_measure_is_told(self, datasets: list[np.ndarray], words: str) -> None:
        with pytest.raises(UserInputError, match=words):
            self.measured(*datasets)


class TestRenumber:
    """The step that labels of any ids need before they name classes."""

    @pytest.mark.parametrize(
        ("dtype", "values", "expected"),
        [
            (np.uint8, [0, 127, 255, 130], [0, 2, 1, 0]),
            (np.int16, [-1, 127, 255, -32768], [0, 2, 1, 0]),
            (np.uint64, [2**63 + 5, 255, 127, 256], [0, 1, 2, 0]),
        ],
    )
    def test_listed_ids_are_numbered_and_others_are_background(
        self, dtype: type, values: list[int], expected: list[int]
    ) -> None:
        array = from_numpy(np.array([values], dtype), "yx", (1.0, 1.0))
        renumbered = Renumber(ids=(255, 127)).apply(array)
        assert whole(renumbered).tolist() == [expected] and renumbered.dtype == np.uint8

    def test_ids_beyond_all_signed_integers_are_told_apart(self) -> None:
        array = from_numpy(np.array([[2**63 + 5, 2**63 + 6]], np.uint64), "yx", (1.0, 1.0))
        assert whole(Renumber(ids=(2**63 + 5,)).apply(array)).tolist() == [[1, 0]]

    def test_grey_values_are_refused(self) -> None:
        with pytest.raises(UserInputError, match="float32"):
            Renumber(ids=(1,)).apply(from_numpy(np.zeros((2, 2), np.float32), "yx", (1.0, 1.0)))

    def test_an_id_given_twice_is_refused(self) -> None:
        with pytest.raises(UserInputError, match="twice"):
            Renumber(ids=(3, 3))


def run_of(datasplit: DataSplit, made: Suggestion) -> Run:
    return Run(datasplit=datasplit, architecture=made.architecture, task=made.task, trainer=made.trainer)


def test_a_suggestion_makes_a_run_that_can_start(tmp_path: Path) -> None:
    datasplit = tiny.run(tmp_path).datasplit
    made = suggest_for(datasplit.training(tmp_path), "cpu")
    assert isinstance(made.task, Affinities)
    assert preflight(run_of(datasplit, made), tmp_path).problems == ()


def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="no such device"):
        suggest_for((opened(np.ones((9, 9), np.uint8)),), "cuda:7")


DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def fib25(work: Path) -> DataSplit:
    place = DATA / "fib25_neuroproof_training_sample2"
    with h5py.File(io.BytesIO(gzip.decompress((place / "groundtruth.h5.gz").read_bytes()))) as file:
        stack, transforms = file["stack"][:], file["transforms"][:]
    body = np.zeros(int(stack.max()) + 1, np.uint32)
    body[transforms[:, 0]] = transforms[:, 1]
    world: dict[str, Any] = {"voxel_size": (10.0,) * 3, "unit": "nm"}
    write_ome_zarr(work / "bodies.zarr", body[stack], axes="zyx", offset=(0.0,) * 3, **world)
    raw = File(path=str(place / "grayscale_maps"), **world)
    return HeldOutSlab(dataset=Dataset(raw=raw, labels=File(path="bodies.zarr")))


def dsb2018(work: Path) -> DataSplit:
    ids = json.loads((DATA / "dsb2018_nuclei_2d" / "SELECTION.json").read_text())["fluor"][:2]
    datasets = []
    for title in ids:
        place = DATA / "dsb2018_nuclei_2d" / "stage1_train" / title
        (image,) = (place / "images").glob("*.png")
        labels = np.zeros(imread(image).shape[:2], np.uint16)
        for nucleus, mask in enumerate(sorted((place / "masks").glob("*.png")), start=1):
            labels[imread(mask) > 0] = nucleus
        np.save(work / f"{title}.npy", labels)
        raw = File(path=str(image), steps=(SelectChannels(channels=(0,)),))
        datasets.append(Dataset(title=title[:6], raw=raw, labels=File(path=f"{title}.npy")))
    return ListedDatasets(train=(datasets[0],), validate=(datasets[1],))


def go_nuclear(work: Path) -> DataSplit:
    path = str(DATA / "gonuclear_ovule_nuclei" / "1135_mini.h5")
    dataset = Dataset(raw=File(path=path, array="raw"), labels=File(path=path, array="label"))
    return HeldOutSlab(dataset=dataset)


def isbi2012(work: Path) -> DataSplit:
    raw, labels = (
        File(path=str(DATA / "isbi2012_membranes" / name), voxel_size=(50.0, 4.0, 4.0), unit="nm")
        for name in ("image", "label")
    )
    return HeldOutSlab(dataset=Dataset(raw=raw, labels=labels))


def axon_deep_seg(work: Path) -> DataSplit:
    place = DATA / "axondeepseg_sem"
    names = [("sub-rat1", "sub-rat1_sample-data1_SEM"), ("sub-rat3", "sub-rat3_sample-data10_SEM")]
    train, validate = (
        Dataset(
            title=name,
            raw=File(path=str(place / rat / "micr" / f"{name}.png")),
            labels=File(
                path=str(place / "derivatives/labels" / rat / "micr" / f"{name}_seg-axonmyelin-manual.png")
            ),
        )
        for rat, name in names
    )
    return ListedDatasets(train=(train,), validate=(validate,))


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the public data are not beside the project")
@pytest.mark.parametrize(
    ("make", "kind", "dims"),
    [
        (fib25, Affinities, 3),
        (dsb2018, SignedDistance, 2),
        (go_nuclear, SignedDistance, 3),
        (isbi2012, SignedDistance, 3),
        (axon_deep_seg, OneHot, 2),
    ],
)
def test_real_data_get_a_run_that_can_start(
    tmp_path: Path, make: Callable[[Path], DataSplit], kind: type, dims: int
) -> None:
    datasplit = make(tmp_path)
    made = suggest_for(datasplit.training(tmp_path), "cpu")
    assert isinstance(made.task, kind) and made.architecture.dims == dims
    datasplit = datasplit.renumbered(made.label_ids) if made.label_ids else datasplit
    report = preflight(run_of(datasplit, made), tmp_path)
    assert report.problems == ()
