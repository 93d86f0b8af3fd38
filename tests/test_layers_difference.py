"""Two segmentations of the same data side by side, and where they differ."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tiny
from napari.components import ViewerModel
from napari.layers import Layer

from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.results.results import Result
from napari_dacapo.experiments.run import Run
from napari_dacapo.layers.difference import Difference, Side, same_objects
from napari_dacapo.tasks.one_hot import OneHot

TRUTH = [1, 1, 1, 2, 2, 0]
ONE = [1, 1, 1, 2, 2, 0]
OTHER = [9, 9, 4, 4, 4, 4]  # 9 is 1, 4 is 2: the third voxel is the other object, the last only here


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return tiny.run(tmp_path_factory.mktemp("workspace"))


def side(
    run: Run, title: str, found: list[int], dataset: str = "crop", truth: Any = TRUTH, begin: float = 20
) -> Side:
    """Voxels of 2 nm in a row, in a raw image that has one more on either side."""
    world: dict[str, Any] = {"axes": "yx", "voxel_size": (2.0, 2.0), "unit": "nm"}
    labels = from_numpy(np.array([truth], np.uint16), offset=(10.0, begin), **world)
    ids = from_numpy(np.array([found], np.uint16), offset=(10.0, begin), **world)
    raw = from_numpy(np.arange(8, dtype=np.float32)[None], offset=(10.0, begin - 2), **world)
    opened = OpenDataset(
        title=dataset,
        raw=raw,
        labels=labels,
        known=None,
        region=labels.box,
        excluded=None,
        weight=1,
        points=(),
    )
    return Side(title, Result(run, 10, opened, raw, ids), np.array([found], np.uint16))


def test_a_voxel_of_another_object_differs_whatever_its_ids(run: Run) -> None:
    found = Difference.of(side(run, "a 10", ONE), side(run, "b 10", OTHER))
    assert found.verdicts.tolist() == [[0, 0, 1, 0, 0, 3]]
    assert found.meanings == {1: "another object", 2: "only in a 10", 3: "only in b 10"}
    assert found.sentence == (
        "They differ in 33.3 % of the voxels: 16.7 % another object, 0 % only in a 10, 16.7 % only in b 10. "
        "Objects are paired one to one, those that share most voxels first."
    )


def test_the_other_way_round_the_sides_change(run: Run) -> None:
    found = Difference.of(side(run, "b 10", OTHER), side(run, "a 10", ONE))
    assert found.verdicts.tolist() == [[0, 0, 1, 0, 0, 2]]


def test_what_is_split_differs_in_its_smaller_part() -> None:
    whole, split = np.array([1, 1, 1, 1, 0], np.uint8), np.array([5, 5, 5, 6, 0], np.uint64)
    assert same_objects(whole, split).tolist() == [True, True, True, False, True]
    assert same_objects(split, whole).tolist() == [True, True, True, False, True]


def test_of_classes_the_ids_themselves_are_compared(run: Run) -> None:
    classes = run.replace(task=OneHot(classes=("background", "axon", "myelin")))
    found = Difference.of(
        side(classes, "a 10", [1, 1, 2, 0, 0, 0]), side(classes, "b 10", [1, 2, 0, 0, 1, 0])
    )
    assert found.verdicts.tolist() == [[0, 1, 2, 0, 3, 0]]
    assert found.sentence.endswith("Voxels differ where their classes do.")


def test_the_layers_are_pairs_over_the_same_part_of_raw(run: Run) -> None:
    viewer = ViewerModel()
    made = Difference.of(side(run, "a 10", ONE), side(run, "b 20", OTHER)).layers()
    names = [viewer.add_layer(Layer.create(*each)).name for each in made]
    difference = "difference of a 10 and b 20"
    tops = ["a 10 segmentation", "b 20 segmentation", difference]
    assert names == [name for top in tops for name in (f"raw below {top}", top)]
    assert {layer.data_to_world((0, 0)) for layer in viewer.layers} == {(11.0, 21.0)}
    assert np.asarray(viewer.layers[0].data).tolist() == [[1, 2, 3, 4, 5, 6]]
    assert viewer.layers[difference].features.to_dict("list") == {
        "index": [1, 2, 3],
        "difference": ["another object", "only in a 10", "only in b 20"],
        "voxels": [1, 0, 1],
    }


def test_what_cannot_be_compared_says_why(run: Run) -> None:
    first = side(run, "a 10", ONE)
    classes = run.replace(task=OneHot(classes=("background", "axon")))
    others = {
        "it is of the dataset edge, the first one of crop": side(run, "b 10", ONE, dataset="edge"),
        "its voxels are not those of the first one": side(run, "b 10", ONE, begin=30),
        "the same name, but other labels": side(run, "b 10", ONE, truth=[1, 1, 1, 1, 1, 1]),
        "it finds axon, the first one objects": side(classes, "b 10", [1, 1, 1, 0, 0, 0]),
    }
    for problem, second in others.items():
        with pytest.raises(UserInputError, match=problem) as raised:
            Difference.of(first, second)
        assert len(str(raised.value)) <= 300


def test_raw_is_shown_as_it_was_before_normalising(run: Run) -> None:
    first = side(run, "a 10", ONE)
    dataset = first.result.dataset
    plain = replace(dataset.raw, reader=lambda slices: dataset.raw.reader(slices) * 100)
    first = replace(first, result=replace(first.result, dataset=replace(dataset, plain_raw=plain)))
    raw = Difference.of(first, side(run, "b 10", ONE)).layers()[0][0]
    assert np.asarray(raw).tolist() == [[100, 200, 300, 400, 500, 600]]
