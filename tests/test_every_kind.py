"""What every record and every kind of a family promises; a new kind is tested as soon as its file exists."""

import json
import math
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from examples_of_kinds import EXTRAS, IDS, example, families, records
from hypothesis import given, settings
from objects import balls
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.arrays.source import Source
from napari_dacapo.arrays.step import Step
from napari_dacapo.augments.augment import Augment, GeometricAugment, IntensityAugment
from napari_dacapo.augments.resampling.lookup import Lookup, PatchGrid
from napari_dacapo.augments.resampling.take import take_linear, take_nearest
from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.config import Config, Family
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.errors import DacapoError, UserInputError
from napari_dacapo.experiments.starts.start import Start, TrainedWeights
from napari_dacapo.postprocessors.affinity_postprocessor import AffinityPostProcessor
from napari_dacapo.postprocessors.postprocessor import PostProcessor
from napari_dacapo.scores.class_score import ClassScore
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.criterion import Criterion
from napari_dacapo.scores.score import ObjectScore, Score
from napari_dacapo.tasks.task import Task

SHAPES = {2: (20, 22), 3: (12, 14, 16)}
VOXEL_SIZES = {2: (2.0, 1.0), 3: (3.0, 1.0, 1.0)}
every_record = pytest.mark.parametrize("record", records(), ids=lambda record: record.__name__)
in_2d_and_3d = pytest.mark.parametrize("dims", [2, 3], ids=["2D", "3D"])


def every(family: type[Family], *, of: type[Family] | None = None) -> pytest.MarkDecorator:
    kinds = [kind for kind in family.kinds().values() if issubclass(kind, of or family)]
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.__name__)


# --- every record ---


def test_every_family_has_kinds_and_a_contract_below():
    contracts = {
        *(Architecture, Augment, ClassScore, Cluster, DataSplit, PostProcessor),
        *(Score, Source, Start, Step, Task),
    }
    assert set(families()) == contracts
    assert all(family.kinds() for family in families())


@every_record
def test_a_record_comes_back_from_json_as_it_was(record):
    original = example(record)
    text = json.dumps(original.to_json(), allow_nan=False)
    again = record.from_json(json.loads(text))
    assert again == original
    assert type(again) is record
    assert json.dumps(again.to_json()) == text


@pytest.mark.parametrize("family", families(), ids=lambda family: family.__name__)
def test_a_family_reads_each_of_its_kinds_and_lists_them_for_one_unknown(family):
    for kind in family.kinds().values():
        assert family.from_json(example(kind).to_json()) == example(kind)
    with pytest.raises(UserInputError, match="Nothing like it") as raised:
        family.from_json({"kind": "Nothing like it"})
    assert all(name in str(raised.value) for name in family.kinds())


@every_record
def test_a_record_is_frozen_and_equal_ones_have_one_hash(record):
    original = example(record)
    assert hash(original) == hash(original.replace())
    for name in record.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(original, name, None)


@every_record
def test_a_record_and_each_of_its_fields_say_in_a_sentence_what_they_are(record):
    first_line = (record.__doc__ or "").split("\n", 1)[0]
    assert first_line[:1].isupper() or first_line.startswith("`")
    assert first_line.endswith((".", "?")), first_line
    for name, field in record.model_fields.items():
        assert field.description, f"{name} has no string under it"
        assert field.description.endswith("."), f"{name}: {field.description}"
        assert "\n" not in field.description, f"{name}: a tooltip is one line"


@every_record
def test_a_field_that_there_is_not_is_refused_with_those_that_there_are(record):
    with pytest.raises(UserInputError, match=r"no_such_field.*no such field"):
        record.from_json({**example(record).to_json(), "no_such_field": 1})


@every_record
@settings(max_examples=settings.default.max_examples // 4)
@given(data=st.data())
def test_whatever_was_typed_into_a_record_comes_back_from_json(record, data):
    changed = example(record)
    for name, field in record.model_fields.items():
        value = data.draw(typed(field.annotation, field.metadata, getattr(changed, name)), name)
        try:
            changed = changed.replace(**{name: value})
        except UserInputError as refused:
            assert len(str(refused)) <= 300
    assert record.from_json(json.loads(json.dumps(changed.to_json(), allow_nan=False))) == changed


def typed(annotation: Any, metadata: list[Any], present: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type, within its bounds; what is there already, where a type is not simple."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return typed(inner[0], [*metadata, *_flat(inner[1:])], present)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is tuple and len(inner) == 2 and inner[1] is ...:
        least, most = _bound(metadata, MinLen, "min_length", 0), _bound(metadata, MaxLen, "max_length", 4)
        items = typed(inner[0], [], None)
        return st.lists(items, min_size=least, max_size=max(least, min(most, 4))).map(tuple)
    if origin is not None and origin in (Union, type(int | str)):
        return st.one_of(*(typed(each, metadata, present) for each in inner))
    if isinstance(annotation, type) and issubclass(annotation, Config):
        return st.sampled_from([example(kind) for kind in records() if issubclass(kind, annotation)])
    return SIMPLE.get(annotation, lambda bounds: st.just(present))(metadata)


def _flat(metadata: tuple[Any, ...]) -> list[Any]:
    return [part for each in metadata for part in (each.metadata if isinstance(each, FieldInfo) else [each])]


def _bound(metadata: list[Any], kind: type, name: str, otherwise: Any) -> Any:
    return next((getattr(each, name) for each in metadata if isinstance(each, kind)), otherwise)


def _integers(metadata: list[Any]) -> st.SearchStrategy[int]:
    lowest, above = _bound(metadata, Ge, "ge", None), _bound(metadata, Gt, "gt", None)
    highest, below = _bound(metadata, Le, "le", None), _bound(metadata, Lt, "lt", None)
    return st.integers(
        lowest if above is None else above + 1,
        highest if below is None else below - 1,
    )


def _floats(metadata: list[Any]) -> st.SearchStrategy[float]:
    above, below = _bound(metadata, Gt, "gt", None), _bound(metadata, Lt, "lt", None)
    return st.floats(
        _bound(metadata, Ge, "ge", above),
        _bound(metadata, Le, "le", below),
        exclude_min=above is not None,
        exclude_max=below is not None,
        allow_nan=False,
        allow_infinity=False,
    )


def _texts(metadata: list[Any]) -> st.SearchStrategy[str]:
    longest = _bound(metadata, MaxLen, "max_length", 30)
    return st.text(min_size=_bound(metadata, MinLen, "min_length", 0), max_size=min(longest, 30))


SIMPLE: dict[Any, Callable[[list[Any]], st.SearchStrategy[Any]]] = {
    bool: lambda metadata: st.booleans(),
    int: _integers,
    float: _floats,
    str: _texts,
    type(None): lambda metadata: st.none(),
}


# --- tasks ---


def labels_for(task: Task, dims: int) -> tuple[np.ndarray, np.ndarray]:
    """One ball of id 1, and it with what the task needs around it."""
    labels = (balls(dims) == 3).astype(np.uint16)
    around = list(zip(*task.padding((1.0,) * dims), strict=True))
    return labels, np.pad(labels, around)


@every(Task)
@in_2d_and_3d
def test_a_task_has_one_target_and_weight_for_each_channel_it_names(kind, dims):
    task = example(kind, dims)
    labels, around = labels_for(task, dims)
    known = np.ones(around.shape, np.bool_)
    names = task.channel_names(dims)
    target, weight = task.target(around, known, (1.0,) * dims)
    assert len(set(names)) == len(names)
    assert all(names)
    assert target.shape == weight.shape == (len(names), *labels.shape)
    assert target.dtype in (np.uint8, np.float32)
    assert weight.dtype == np.float32
    assert np.isfinite(target).all()
    assert np.isfinite(weight).all()
    assert (weight >= 0).all()
    assert weight.any()


@every(Task)
@in_2d_and_3d
def test_a_task_weighs_no_unknown_voxel_and_leaves_what_it_is_given_as_it_is(kind, dims):
    task = example(kind, dims)
    labels, around = labels_for(task, dims)
    known = np.ones(around.shape, np.bool_)
    known[around == 1] = np.arange(np.count_nonzero(around)) % 3 > 0
    kept = around.copy(), known.copy()
    for array in (around, known):
        array.setflags(write=False)
    _, weight = task.target(around, known, (1.0,) * dims)
    before, _ = task.padding((1.0,) * dims)
    inner = tuple(slice(b, b + n) for b, n in zip(before, labels.shape, strict=True))
    assert (weight[:, ~known[inner]] == 0).all()
    np.testing.assert_array_equal(around, kept[0])
    np.testing.assert_array_equal(known, kept[1])


@every(Task)
@in_2d_and_3d
def test_a_head_gives_what_loss_and_activation_take(kind, dims):
    task = example(kind, dims)
    labels, around = labels_for(task, dims)
    target, weight = task.target(around, np.ones(around.shape, np.bool_), (1.0,) * dims)
    torch.manual_seed(0)
    output = task.head(5, dims)(torch.randn(2, 5, *labels.shape))
    assert output.shape == (2, *target.shape)
    batch = (torch.from_numpy(np.stack([each] * 2).astype(np.float32)) for each in (target, weight))
    loss = task.loss(output, *batch)
    loss.backward()
    assert loss.shape == ()
    assert loss.item() > 0
    assert task.activate(output).shape == output.shape


@every(Task)
@in_2d_and_3d
def test_without_weight_a_loss_is_0(kind, dims):
    task = example(kind, dims)
    shape = (1, len(task.channel_names(dims)), *(4,) * dims)
    output = torch.zeros(shape, requires_grad=True)
    loss = task.loss(output, torch.zeros(shape), torch.zeros(shape))
    loss.backward()
    assert loss.item() == 0
    assert torch.isfinite(output.grad).all()


@every(Task)
@in_2d_and_3d
def test_an_output_that_follows_the_loss_gives_the_labels_back(kind, dims):
    task = example(kind, dims)
    labels, around = labels_for(task, dims)
    known = np.ones(around.shape, np.bool_)
    target, weight = (
        torch.from_numpy(array[None].astype(np.float32))
        for array in task.target(around, known, (1.0,) * dims)
    )
    output = torch.zeros_like(target, requires_grad=True)
    optimizer = torch.optim.Adam([output], lr=0.3)
    for _ in range(60):
        optimizer.zero_grad()
        task.loss(output, target, weight).backward()
        optimizer.step()
    prediction = task.activate(output.detach())[0].numpy()
    decides = task.criteria()[0]
    scores = [
        task.score(task.segment(prediction, point), labels, np.ones(labels.shape, np.bool_))[decides.name]
        for point in task.parameter_grid()
    ]
    best = max(scores) if decides.higher_is_better else min(scores)
    assert best == pytest.approx(decides.upper if decides.higher_is_better else decides.lower, abs=0.02)


@every(Task)
@in_2d_and_3d
def test_a_segmentation_is_ids_and_its_scores_are_the_criteria(kind, dims):
    task = example(kind, dims)
    labels, _ = labels_for(task, dims)
    channels = len(task.channel_names(dims))
    torch.manual_seed(0)
    prediction = task.activate(torch.randn(1, channels, *labels.shape))[0].numpy()
    segmentation = task.segment(prediction, task.parameter_grid()[0])
    assert segmentation.shape == labels.shape
    assert segmentation.dtype.kind == "u"
    criteria = {criterion.name: criterion for criterion in task.criteria()}
    assert len(criteria) == len(task.criteria())
    scores = task.score(segmentation, labels, np.ones(labels.shape, np.bool_))
    assert list(scores) == list(criteria)
    assert all(within(criteria[name], value) for name, value in scores.items())
    for masks in task.class_masks(segmentation, labels, np.ones(labels.shape, np.bool_)).values():
        assert [mask.shape for mask in masks] == [labels.shape] * 2
        assert [mask.dtype for mask in masks] == [np.bool_] * 2


def within(criterion: Criterion, value: float) -> bool:
    return math.isnan(value) or criterion.lower <= value <= criterion.upper + 1e-12


@every(Task)
@in_2d_and_3d
def test_labels_with_channels_are_learned_from_or_refused(kind, dims):
    task = example(kind, dims)
    channels = np.ones((2, *(4,) * dims), np.uint8)
    try:
        task.refuse_labels(channels, np.ones((4,) * dims, np.bool_))
    except UserInputError as refused:
        assert refused.field == "labels"
        assert len(str(refused)) <= 300


# --- scores ---

drawn_labels = st.integers(0, 2**32).map(lambda seed: np.random.default_rng(seed))


@every(Score)
@settings(max_examples=30)
@given(rng=drawn_labels, voxels=st.integers(0, 30), ids=st.integers(1, 6))
def test_scores_stay_within_their_bounds_and_a_perfect_segmentation_has_the_best(kind, rng, voxels, ids):
    score = example(kind)
    criteria = score.criteria()
    segmentation, truth = rng.integers(0, ids, (2, voxels), np.uint64)
    values = score.of(Contingency.of(segmentation, truth))
    perfect = score.of(Contingency.of(truth, truth))
    assert len(values) == len(criteria) == len({criterion.name for criterion in criteria})
    for criterion, value, best in zip(criteria, values, perfect, strict=True):
        assert within(criterion, value)
        if not math.isnan(best):
            assert best == pytest.approx(criterion.upper if criterion.higher_is_better else criterion.lower)


@every(Score, of=ObjectScore)
@settings(max_examples=30)
@given(rng=drawn_labels, voxels=st.integers(1, 30))
def test_scores_of_objects_do_not_depend_on_the_ids_they_got(kind, rng, voxels):
    score = example(kind)
    segmentation, truth = rng.integers(0, 5, (2, voxels), np.uint64)
    others = np.array([0, *(2**63 + 5 + int(place) for place in rng.permutation(4))], np.uint64)
    values = score.of(Contingency.of(segmentation, truth))
    renamed = score.of(Contingency.of(others[segmentation], others[truth]))
    assert renamed == pytest.approx(values, nan_ok=True)


@every(ClassScore)
@in_2d_and_3d
@settings(max_examples=20)
@given(rng=drawn_labels, share=st.floats(0, 1))
def test_scores_of_a_class_stay_within_their_bounds_and_a_perfect_mask_has_the_best(kind, dims, rng, share):
    score = example(kind)
    found, true = rng.random((2, *(4,) * dims)) < share
    values = score.of(found, true, VOXEL_SIZES[dims])
    perfect = score.of(true, true, VOXEL_SIZES[dims])
    assert len({criterion.name for criterion in score.criteria()}) == len(score.criteria())
    for criterion, value, best in zip(score.criteria(), values, perfect, strict=True):
        assert within(criterion, value)
        if not math.isnan(best):
            assert best == pytest.approx(criterion.upper if criterion.higher_is_better else criterion.lower)


# --- post-processors ---


def segment(postprocessor: PostProcessor, prediction: np.ndarray, point: Any) -> np.ndarray:
    if isinstance(postprocessor, AffinityPostProcessor):
        dims = prediction.ndim - 1
        units = tuple(tuple(int(axis == other) for other in range(dims)) for axis in range(dims))
        return postprocessor.segment(prediction, units, point)
    return postprocessor.segment(prediction, point)


@every(PostProcessor)
@in_2d_and_3d
@pytest.mark.parametrize("broken", [False, True], ids=["sound", "with NaN"])
def test_a_postprocessor_gives_the_same_ids_each_time_for_every_point_of_its_grid(kind, dims, broken):
    postprocessor = example(kind, dims)
    assert postprocessor.gives in ("objects", "classes")
    prediction = np.random.default_rng(0).random((dims, *SHAPES[dims]), np.float32)
    if broken:
        prediction[:, 3:9] = np.nan
    prediction.setflags(write=False)
    for point in postprocessor.grid():
        ids = segment(postprocessor, prediction, point)
        assert ids.shape == SHAPES[dims]
        assert ids.dtype.kind == "u"
        np.testing.assert_array_equal(segment(postprocessor, prediction, point), ids)
        if postprocessor.gives == "objects":
            assert set(np.unique(ids)) - {0} == set(range(1, int(ids.max()) + 1))


@every(PostProcessor)
@in_2d_and_3d
def test_a_parameter_that_is_missing_is_named(kind, dims):
    postprocessor = example(kind, dims)
    prediction = np.zeros((dims, *SHAPES[dims]), np.float32)
    for name in postprocessor.grid()[0]:
        point = {key: value for key, value in postprocessor.grid()[0].items() if key != name}
        with pytest.raises(UserInputError, match=f"parameters is .*{name} is missing"):
            segment(postprocessor, prediction, point)


# --- architectures ---


def skip_without_extra(kind: type[Architecture]) -> None:
    extra = EXTRAS.get(kind.__name__)
    if extra and find_spec(extra) is None:
        pytest.skip(f"the extra {extra} is not installed")


@every(Architecture)
@in_2d_and_3d
def test_a_network_has_the_shapes_and_parameters_its_record_tells(kind, dims):
    skip_without_extra(kind)
    architecture = example(kind, dims)
    assert architecture.dims == dims
    shape = architecture.nearest_input_shape((1,) * dims, at_least=True)
    network = architecture.build(2).eval()
    with torch.inference_mode():
        output = network(torch.zeros(1, 2, *shape))
    assert output.shape == (1, architecture.output_channels, *architecture.output_shape(shape))
    assert sum(weight.numel() for weight in network.parameters()) == architecture.parameter_count(2)


@every(Architecture)
@in_2d_and_3d
def test_a_record_of_a_network_tells_what_a_run_needs_before_it_trains(kind, dims):
    skip_without_extra(kind)
    architecture = example(kind, dims)
    for patch in (architecture.input_patch, architecture.validation_patch):
        assert len(architecture.output_shape(patch)) == dims
        assert architecture.nearest_input_shape(patch) == patch
    for sides in (architecture.scale, architecture.context, architecture.stride, architecture.border):
        assert len(sides) == dims
        assert min(sides) >= 0
    training = architecture.training_bytes(1, architecture.input_patch, 1)
    assert 0 < architecture.prediction_bytes(1, architecture.input_patch) < training
    assert training < architecture.training_bytes(1, architecture.input_patch, 2)
    assert all(text.endswith(".") for text in architecture.warnings((40.0, 4.0, 4.0)[-dims:]))


# --- augments ---


@every(Augment, of=GeometricAugment)
@in_2d_and_3d
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_a_geometric_augment_follows_from_the_seed_and_invents_no_label(kind, dims, seed):
    augment = example(kind, dims)
    ids = np.random.default_rng(0).choice(np.array([0, 3, 9, 2**63 + 5], np.uint64), SHAPES[dims])
    voxel_size = VOXEL_SIZES[dims]
    labels = from_numpy(ids, "zyx"[-dims:], voxel_size)
    mask = from_numpy(ids != 9, "zyx"[-dims:], voxel_size)
    raw = from_numpy(np.random.default_rng(1).random(SHAPES[dims]), "zyx"[-dims:], voxel_size)
    shape = (8,) * dims
    grid = PatchGrid(
        shape, tuple((0.5 - n / 2) * v for n, v in zip(shape, voxel_size, strict=True)), voxel_size
    )
    centre = tuple(n * v / 2 for n, v in zip(SHAPES[dims], voxel_size, strict=True))

    def taken() -> tuple[np.ndarray, ...]:
        warp = augment.draw(np.random.default_rng(seed), shape, voxel_size)
        image = take_linear(raw, Lookup.of(warp, grid, centre, raw))
        return image, *take_nearest(labels, mask, Lookup.of(warp, grid, centre, labels))

    image, found, kept = taken()
    assert image.dtype == np.float32
    assert image.size == found.size == kept.size == math.prod(shape)
    assert np.isfinite(image).all()
    assert set(np.unique(found)) <= {0, 3, 9, 2**63 + 5}
    assert not kept[found[0] == 9].any()
    for first, second in zip((image, found, kept), taken(), strict=True):
        np.testing.assert_array_equal(first, second)


@every(Augment, of=IntensityAugment)
@in_2d_and_3d
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_an_intensity_augment_follows_from_what_was_drawn_and_leaves_its_input_alone(kind, dims, seed):
    augment = example(kind, dims)
    raw = np.random.default_rng(0).random((2, *SHAPES[dims]), np.float32)
    raw.setflags(write=False)
    draws = [augment.draw(np.random.default_rng(seed), SHAPES[dims], VOXEL_SIZES[dims]) for _ in range(2)]
    changed, again = (augment.act(raw, **parameters) for parameters in draws)
    assert changed.shape == raw.shape
    assert changed.dtype == np.float32
    assert np.isfinite(changed).all()
    np.testing.assert_array_equal(changed, again)


@every(Augment)
def test_every_augment_is_either_geometric_or_of_intensity(kind):
    assert issubclass(kind, GeometricAugment | IntensityAugment)


# --- arrays ---


def arrays_to_step_on() -> list[Any]:
    """Labels, one channel of raw and several, each (6, 8, 10) voxels."""
    rng = np.random.default_rng(0)
    world: dict[str, Any] = {"voxel_size": (1.0, 2.0, 2.0), "offset": (0.0, 0.0, 0.0), "unit": "nm"}
    return [
        from_numpy(rng.integers(0, 4, (6, 8, 10)).astype(np.uint16), "zyx", **world),
        from_numpy(rng.integers(0, 255, (6, 8, 10)).astype(np.uint8), "zyx", **world),
        from_numpy(rng.random((3, 6, 8, 10)), "czyx", **world),
    ]


@every(Step)
def test_a_step_gives_an_array_that_reads_as_it_says_and_stays_where_it_was(kind):
    done = 0
    for array in arrays_to_step_on():
        try:
            changed = example(kind).apply(array)
        except UserInputError as refused:
            assert len(str(refused)) <= 300
            continue
        done += 1
        assert (changed.name, changed.unit, changed.dims) == (array.name, array.unit, array.dims)
        assert changed.box.intersect(array.box) == changed.box
        whole = changed.read((0, 0, 0), changed.spatial_shape)
        assert whole.shape == changed.shape
        assert whole.dtype == changed.dtype
        assert len(changed.chunks) == len(changed.shape) == len(changed.axes)
        shape = tuple(n - 2 for n in changed.spatial_shape)
        np.testing.assert_array_equal(changed.read((1, 1, 1), shape), whole[..., 1:-1, 1:-1, 1:-1])
    assert done, "the example fits no array here"


def write_files(folder: Path) -> Path:
    """raw.zarr and ids.zarr, and the same as a group, and in a table, that trains and one that validates."""
    rng = np.random.default_rng(0)
    world: dict[str, Any] = {"axes": "zyx", "voxel_size": (1.0,) * 3, "offset": (0.0,) * 3, "unit": "nm"}
    raw, ids = rng.integers(0, 255, (2, 8, 8, 8)).astype(np.uint8)
    for place in (folder, folder / "train", folder / "test"):
        write_ome_zarr(place / "raw.zarr", raw, **world)
        write_ome_zarr(place / "ids.zarr", ids, **world)
    rows = (f"{use}, raw.zarr, , ids.zarr, " for use in ("train", "val"))
    (folder / "datasets.csv").write_text("\n".join(rows))
    return folder


@every(Source)
def test_a_source_opens_its_array_and_says_where_there_is_none(kind, tmp_path):
    source = example(kind)
    with pytest.raises(UserInputError, match="ids"):
        source.open(tmp_path)
    array = source.open(write_files(tmp_path))
    whole = array.read((0, 0, 0), array.spatial_shape)
    assert whole.shape == array.shape
    assert whole.dtype == array.dtype
    assert not source.is_normalized


# --- datasplits and starts ---


@every(DataSplit)
def test_a_datasplit_opens_datasets_that_train_and_that_validate(kind, tmp_path):
    datasplit = example(kind)
    if "raw" in kind.model_fields:
        datasplit = datasplit.replace(raw="raw.zarr", labels=IDS.path)
    with pytest.raises(UserInputError):
        datasplit.training(tmp_path)
    write_files(tmp_path)
    training, validation = datasplit.training(tmp_path), datasplit.validation(tmp_path)
    assert training
    assert validation
    for dataset in (*training, *validation):
        assert dataset.raw.dtype == np.float32
        assert dataset.labels.dtype.kind == "u"
        assert not dataset.region.is_empty


@every(Start)
def test_a_start_gives_weights_or_says_that_there_are_none(kind, tmp_path):
    try:
        weights = example(kind).weights(tmp_path, 1000)
    except DacapoError as missing:
        assert 0 < len(str(missing)) <= 300
        return
    assert weights is None or isinstance(weights, TrainedWeights)
