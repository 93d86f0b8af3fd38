"""Scores as layers: every true object coloured by how well it was found, every class by what is wrong."""

from typing import Any

import numpy as np
import pytest
import tiny
from napari.components import ViewerModel
from napari.layers import Labels, Layer

from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.experiments.results.results import Result
from napari_dacapo.experiments.run import Run
from napari_dacapo.layers.class_scores import class_layers, verdicts
from napari_dacapo.layers.object_scores import ObjectScores, iou_colours
from napari_dacapo.postprocessors.threshold import Threshold
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.signed_distance import SignedDistance

VERMILION, BLUE = (0.84, 0.37, 0.0, 1.0), (0.0, 0.45, 0.7, 1.0)

# object 1 is split, 2 and 3 are merged, 4 is missed, 5 is found
TRUTH = [1, 1, 1, 1, 0, 2, 2, 3, 3, 4, 5]
FOUND = [1, 1, 2, 2, 0, 3, 3, 3, 3, 0, 4]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return tiny.run(tmp_path_factory.mktemp("workspace"))


def result(run: Run, truth: Any, found: Any, known: Any = None) -> Result:
    """Voxels of 2 nm that begin at 10, 20; rows are along y."""
    world: dict[str, Any] = {"axes": "yx", "voxel_size": (2.0, 2.0), "offset": (10.0, 20.0), "unit": "nm"}
    labels = from_numpy(np.atleast_2d(np.array(truth, np.uint16)), **world)
    mask = None if known is None else from_numpy(np.atleast_2d(np.array(known, np.bool_)), **world)
    dataset = OpenDataset(
        title="crop",
        raw=from_numpy(np.zeros(labels.shape, np.float32), **world),
        labels=labels,
        known=mask,
        region=labels.box,
        excluded=None,
        weight=1,
        points=(),
    )
    return Result(
        run=run,
        iteration=3000,
        dataset=dataset,
        prediction=from_numpy(np.zeros((1, *labels.shape), np.float16), **{**world, "axes": "cyx"}),
        segmentation=from_numpy(np.atleast_2d(np.array(found, np.uint16)), **world),
    )


def layers(made: list[Any]) -> dict[str, Labels]:
    viewer = ViewerModel()
    created = [viewer.add_layer(Layer.create(*each)) for each in made]
    return {layer.name: layer for layer in created}


def test_every_true_object_is_a_row_of_the_features(run: Run) -> None:
    layer = layers(ObjectScores.of(result(run, TRUTH, FOUND)).layers())["crop 3,000 truth by IoU"]
    assert layer.features.to_dict("list") == {
        "index": [1, 2, 3, 4, 5],
        "IoU": [0.5, 0.5, 0.5, 0.0, 1.0],
        "voxels": [4, 2, 2, 1, 1],
        "split into": [2, 1, 1, 0, 1],
        "merged with": [0, 1, 1, 0, 0],
    }
    np.testing.assert_array_equal(layer.data, [TRUTH])


def test_objects_are_coloured_by_their_iou(run: Run) -> None:
    layer = layers(ObjectScores.of(result(run, TRUTH, FOUND)).layers())["crop 3,000 truth by IoU"]
    assert layer.get_color(4).tolist() == pytest.approx(VERMILION)
    assert layer.get_color(5).tolist() == pytest.approx(BLUE)
    assert layer.get_color(1).tolist() == pytest.approx(layer.get_color(2).tolist())
    assert layer.get_color(0) is None


def test_split_and_merged_objects_have_a_layer_each(run: Run) -> None:
    made = layers(ObjectScores.of(result(run, TRUTH, FOUND)).layers())
    split, merged = made["crop 3,000 split objects"], made["crop 3,000 merged objects"]
    np.testing.assert_array_equal(split.data, [[1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]])
    np.testing.assert_array_equal(merged.data, [[0, 0, 0, 0, 0, 2, 2, 3, 3, 0, 0]])
    assert split.features["index"].tolist() == [1] and merged.features["index"].tolist() == [2, 3]
    assert not split.visible and not merged.visible


def test_score_layers_lie_over_the_image(run: Run) -> None:
    for layer in layers(ObjectScores.of(result(run, TRUTH, FOUND)).layers()).values():
        assert layer.data_to_world((0, 0)) == (11.0, 21.0)


def test_objects_of_which_most_is_lost_come_first(run: Run) -> None:
    worst = ObjectScores.of(result(run, TRUTH, FOUND)).worst()
    assert [(each.id, each.iou, each.voxels) for each in worst] == [
        (1, 0.5, 4),  # 2 voxels are lost
        (4, 0.0, 1),  # 1 is, and nothing was found
        (2, 0.5, 2),
        (3, 0.5, 2),
        (5, 1.0, 1),
    ]
    assert worst[0].centre == (11.0, 20 + 1.5 * 2)  # of voxels 0..3 one of the two in the middle
    assert worst[1].centre == (11.0, 20 + 9.5 * 2)
    assert len(ObjectScores.of(result(run, TRUTH, FOUND)).worst(2)) == 2


def test_the_centre_of_an_object_lies_in_it(run: Run) -> None:
    ring = np.ones((5, 5), int)
    ring[1:4, 1:4] = 0
    (worst,) = ObjectScores.of(result(run, ring, ring)).worst()
    row, column = ((c - o) / 2 - 0.5 for c, o in zip(worst.centre, (10.0, 20.0), strict=True))
    assert ring[int(row), int(column)] == 1


def test_unknown_voxels_count_for_nothing(run: Run) -> None:
    known = [1] * 9 + [0, 1]  # object 4 is unknown
    table = ObjectScores.of(result(run, TRUTH, FOUND, known)).table
    assert table.ids.tolist() == [1, 2, 3, 5]


def test_another_segmentation_is_judged_when_given(run: Run) -> None:
    scores = ObjectScores.of(result(run, TRUTH, FOUND), np.array([TRUTH], np.uint16))
    assert scores.table.best_iou.tolist() == [1.0] * 5


def test_ids_beyond_all_signed_integers_are_coloured(run: Run) -> None:
    made = result(run, TRUTH, FOUND)
    scores = ObjectScores.of(made)
    shifted = np.where(scores.truth > 0, scores.truth.astype(np.uint64) + np.uint64(2**63), np.uint64(0))
    ids = scores.table.ids + np.uint64(2**63)
    moved = ObjectScores("crop", scores.grid, shifted, scores.table.__class__(ids, *_rest(scores)))
    made_layers = layers(moved.layers())
    assert made_layers["crop truth by IoU"].get_color(2**63 + 5).tolist() == pytest.approx(BLUE)
    assert made_layers["crop split objects"].data.max() == 2**63 + 1
    assert moved.worst(1)[0].id == 2**63 + 1


def _rest(scores: ObjectScores) -> list[np.ndarray]:
    table = scores.table
    return [table.voxels, table.best_iou, table.best_segment, table.split_into, table.merged_with]


def test_nothing_to_find_gives_empty_layers(run: Run) -> None:
    made = ObjectScores.of(result(run, [0, 0, 0], [0, 1, 1]))
    assert made.worst() == () and len(layers(made.layers())) == 3


@pytest.mark.parametrize(("iou", "colour"), [(0.0, VERMILION), (0.25, (0.89, 0.63, 0.13, 1.0)), (1.0, BLUE)])
def test_colours_go_from_vermilion_over_yellow_to_blue(iou: float, colour: tuple[float, ...]) -> None:
    assert iou_colours(np.array([iou]))[0].tolist() == pytest.approx(colour)


def test_voxels_are_found_too_much_or_missed() -> None:
    found, true = np.array([1, 1, 0, 0, 1], bool), np.array([1, 0, 1, 0, 0], bool)
    known = np.array([1, 1, 1, 1, 0], bool)
    assert verdicts(found, true, known).tolist() == [1, 2, 3, 0, 0]


def test_each_class_is_a_layer_with_its_counts(run: Run) -> None:
    task = OneHot(classes=("background", "axon", "myelin"))
    made = layers(class_layers(result(run.replace(task=task), [1, 1, 2, 0, 2], [1, 2, 2, 0, 0])))
    assert list(made) == ["crop 3,000 axon", "crop 3,000 myelin"]
    assert made["crop 3,000 axon"].data.tolist() == [[1, 3, 0, 0, 0]]
    assert made["crop 3,000 myelin"].data.tolist() == [[0, 2, 1, 0, 3]]
    assert made["crop 3,000 myelin"].features.to_dict("list") == {
        "index": [1, 2, 3],
        "verdict": ["found", "too much", "missed"],
        "voxels": [1, 1, 1],
    }


def test_classes_by_distance_are_judged_as_their_scores_are(run: Run) -> None:
    task = SignedDistance(channels=("inside",), postprocessor=Threshold())
    ((data, _, _),) = class_layers(result(run.replace(task=task), [255, 255, 0], [1, 0, 1]))
    assert data.tolist() == [[1, 3, 2]]


def test_objects_have_no_class_layers(run: Run) -> None:
    assert class_layers(result(run, TRUTH, FOUND)) == []
    assert class_layers(result(run.replace(task=SignedDistance()), TRUTH, FOUND)) == []
