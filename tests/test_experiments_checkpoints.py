"""Checkpoints come back bit for bit, damage is found, and rotation keeps what is needed."""

import errno
import random
from pathlib import Path

import pytest
import torch
from checkpoint_states import state

from napari_dacapo.errors import CheckpointError
from napari_dacapo.experiments.checkpoints import checkpoints as rotating
from napari_dacapo.experiments.checkpoints.checkpoint_folder import sealed, unsealed
from napari_dacapo.experiments.checkpoints.checkpoints import Best, Checkpoints

torch.set_num_threads(1)


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(tmp_path / "checkpoints", "unet + affinities")


def same(one, other) -> bool:
    """Equal in type, value, dtype, layout and every bit."""
    if isinstance(one, torch.Tensor):
        bits = (tensor.contiguous().reshape(-1).view(torch.uint8) for tensor in (one, other))
        return (one.dtype, one.shape, one.stride()) == (other.dtype, other.shape, other.stride()) and (
            torch.equal(*bits)
        )
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and all(map(same, one, other)) and len(one) == len(other)
    return type(one) is type(other) and (one == other or (one != one and other != other))


@pytest.mark.parametrize(
    "make_optimizer",
    [
        torch.optim.RAdam,
        torch.optim.AdamW,
        lambda weights: torch.optim.AdamW(weights, lr=torch.tensor(1e-3), amsgrad=True),
        lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9),
        lambda weights: torch.optim.SGD(weights, lr=float("inf")),
    ],
    ids=["radam", "adamw", "amsgrad", "momentum", "sgd"],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_an_optimizer_comes_back_bit_for_bit(checkpoints, make_optimizer, dtype):
    network = torch.nn.Conv3d(2, 3, 2, dtype=dtype).to(memory_format=torch.channels_last_3d)
    optimizer = make_optimizer(network.parameters())
    network(torch.rand(1, 2, 3, 3, 3, dtype=dtype)).sum().backward()
    before = dict(network.state_dict())
    optimizer.step()
    saved = state(1, weights=before, optimizer=optimizer.state_dict())
    checkpoints.save(saved)
    assert same(checkpoints.load().state.optimizer, optimizer.state_dict())


def test_everything_of_a_state_comes_back(checkpoints):
    saved = state(
        7,
        weights={
            "scalar": torch.tensor(3),
            "half": torch.tensor([1.5, float("nan")], dtype=torch.bfloat16),
            "flags": torch.tensor([True, False]),
            "empty": torch.empty(0, 4),
        },
        rng={"torch": torch.get_rng_state(), "cuda": [torch.arange(16, dtype=torch.uint8)]},
        extra={"size": {"input_shape": [8, 8]}, "best": float("-inf"), "lost": None, "!odd": "é"},
        scaler={"scale": 65536.0, "_growth_tracker": 3},
    )
    checkpoints.save(saved)
    loaded = checkpoints.load().state
    assert all(
        same(getattr(saved, part), getattr(loaded, part))
        for part in ("iteration", "weights", "optimizer", "rng", "extra", "scaler")
    )


def test_weights_that_share_memory_are_saved_each(checkpoints):
    shared = torch.arange(4.0)
    checkpoints.save(state(1, weights={"a": shared, "b": shared, "part": shared[1:3]}))
    weights = checkpoints.load().state.weights
    assert [weights[name].tolist() for name in ("a", "b", "part")] == [[0, 1, 2, 3]] * 2 + [[1, 2]]


def test_what_a_checkpoint_cannot_hold_is_refused_before_writing(checkpoints):
    with pytest.raises(TypeError, match="set is none of them"):
        checkpoints.save(state(1, extra={"names": {"a"}}))
    assert not checkpoints.folder.exists()


def test_the_list_tells_iteration_reasons_and_length(checkpoints):
    path = checkpoints.save(state(5), ["stop"])
    checkpoints.save(state(10))
    checkpoints.mark_best("voi", 5, 1.5)
    first, second = checkpoints.list()
    assert (first.iteration, first.reasons, second.iteration) == (5, ("stop", "best voi"), 10)
    assert first.length == sum(file.stat().st_size for file in path.glob("*.safetensors"))


def test_saving_an_iteration_again_replaces_it_and_leaves_no_old_files(checkpoints):
    checkpoints.save(state(5))
    path = checkpoints.save(state(5, extra={"skipped": 2}, weights={"other": torch.ones(1)}))
    assert checkpoints.load().state.extra == {"skipped": 2}
    assert len(list(path.iterdir())) == 3


def test_the_newest_is_loaded_unless_another_is_asked_for(checkpoints):
    for iteration in (5, 10, 15):
        checkpoints.save(state(iteration))
    checkpoints.mark_best("voi", 10, 0.5)
    assert checkpoints.load().state.iteration == 15
    assert checkpoints.load(5).state.iteration == 5
    assert checkpoints.load_best("voi").state.iteration == 10


def test_a_newer_best_takes_the_mark(checkpoints):
    for iteration, score in ((5, 2.0), (10, 1.0)):
        checkpoints.save(state(iteration))
        checkpoints.mark_best("voi", iteration, score)
    assert checkpoints.best() == {"voi": Best(10, 1.0)}
    assert Checkpoints(checkpoints.folder, "").best_iterations() == {10}


def test_only_saved_iterations_with_a_score_can_be_best(checkpoints):
    checkpoints.save(state(5))
    with pytest.raises(CheckpointError, match="only: 5"):
        checkpoints.mark_best("voi", 6, 1.0)
    with pytest.raises(CheckpointError, match="nan cannot be the best"):
        checkpoints.mark_best("voi", 5, float("nan"))
    assert checkpoints.best() == {}


def test_what_lies_after_an_iteration_can_be_forgotten(checkpoints):
    for iteration in (5, 10, 15):
        checkpoints.save(state(iteration))
    checkpoints.mark_best("voi", 5, 1.0)
    checkpoints.mark_best("rand", 15, 1.0)
    for _ in range(2):
        checkpoints.forget_after(10)
    assert [entry.iteration for entry in checkpoints.list()] == [5, 10]
    assert checkpoints.best() == {"voi": Best(5, 1.0)}


@pytest.fixture
def two(checkpoints):
    """Iterations 1,000 and 3,000, the later one about to be damaged."""
    checkpoints.save(state(1000))
    return checkpoints, checkpoints.save(state(3000))


def assert_falls_back(checkpoints):
    loaded = checkpoints.load()
    assert loaded.state.iteration == 1000
    assert loaded.state.weights["body.weight"][0, 0] == 1000
    assert "Going on from iteration 1,000: 2,000 iterations are lost." in loaded.note


def test_each_of_300_flipped_bits_is_found(two):
    checkpoints, folder = two
    draw = random.Random(0)
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        for _ in range(100):
            flipped = bytearray(whole)
            flipped[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
            file.write_bytes(flipped)
            assert_falls_back(checkpoints)
        file.write_bytes(whole)
    assert checkpoints.load().note == ""


@pytest.mark.parametrize("part", ["weights", "training", "checkpoint"])
def test_each_truncation_is_found(two, part):
    checkpoints, folder = two
    (file,) = folder.glob(f"{part}*")
    whole = file.read_bytes()
    for part in range(20):
        file.write_bytes(whole[: len(whole) * part // 20])
        assert_falls_back(checkpoints)


@pytest.mark.parametrize("part", ["weights", "training"])
def test_a_file_that_is_gone_is_found(two, part):
    checkpoints, folder = two
    next(folder.glob(f"{part}*")).unlink()
    assert_falls_back(checkpoints)


def test_a_file_that_grew_is_found_without_reading_it(two):
    checkpoints, folder = two
    with next(folder.glob("weights*")).open("ab") as file:
        file.truncate(1 << 40)  # sparse: a terabyte that takes no room
    assert_falls_back(checkpoints)


def test_a_disk_that_cannot_read_a_file_is_as_good_as_damage(two, monkeypatch):
    checkpoints, folder = two
    read = Path.read_bytes

    def failing(path):
        if path.parent == folder and path.name.startswith("weights"):
            raise OSError(errno.EIO, "Input/output error")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", failing)
    assert_falls_back(checkpoints)
    assert "cannot be read: Input/output error" in checkpoints.load().note


def test_a_manifest_with_a_wrong_field_is_damaged(two):
    checkpoints, folder = two
    file = folder / "checkpoint.json"
    file.write_bytes(sealed(unsealed(file.read_bytes()) | {"iteration": -1}))
    assert_falls_back(checkpoints)


def test_a_damaged_manifest_is_not_listed_and_its_files_stay(two):
    checkpoints, folder = two
    (folder / "checkpoint.json").write_bytes(b"{}")
    for iteration in range(4000, 9000, 1000):
        checkpoints.save(state(iteration))
        checkpoints.rotate()
    assert [entry.iteration for entry in checkpoints.list()] == [6000, 7000, 8000]
    assert len(list(folder.iterdir())) == 3


def test_nothing_to_load_is_an_error(checkpoints):
    with pytest.raises(CheckpointError, match="Train the run first"):
        checkpoints.load()
    with pytest.raises(CheckpointError, match=r"'voi' .* Known: none yet; validate the run"):
        checkpoints.load_best("voi")


def test_a_damaged_one_that_was_asked_for_is_not_replaced_by_another(two):
    checkpoints, folder = two
    next(folder.glob("weights*")).write_bytes(b"")
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoints.load(3000)


def test_nothing_but_damage_is_an_error(two):
    checkpoints, _ = two
    for file in checkpoints.folder.rglob("weights*"):
        file.write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"Every checkpoint .* is damaged"):
        checkpoints.load()


def test_rotation_keeps_the_last_three_the_best_and_every_tenth(checkpoints):
    for iteration in range(1, 26):
        checkpoints.save(state(iteration))
        if iteration == 4:
            checkpoints.mark_best("voi", 4, 0.1)
        checkpoints.rotate()
    assert [entry.iteration for entry in checkpoints.list()] == [4, 10, 20, 23, 24, 25]
    assert len(list(checkpoints.folder.iterdir())) == 7  # and best.json


def test_rotation_keeps_every_other_of_the_tenths_where_they_would_be_too_many(checkpoints, monkeypatch):
    monkeypatch.setattr(rotating, "MOST_MILESTONES", 2)
    for iteration in range(1, 46):
        checkpoints.save(state(iteration))
        checkpoints.rotate()
        tenths = [each for each in checkpoints.iterations() if each % 10 == 0 and each < iteration - 2]
        assert len(tenths) <= 2
    assert checkpoints.iterations() == (40, 43, 44, 45)


def test_rotation_deletes_nothing_while_none_of_the_last_is_whole(checkpoints):
    for iteration in range(1, 6):
        checkpoints.save(state(iteration))
    for folder in sorted(checkpoints.folder.iterdir())[2:]:
        file = next(folder.glob("weights*"))
        file.write_bytes(bytes(file.stat().st_size))
    checkpoints.rotate()
    assert checkpoints.load().state.iteration == 2


def test_rotation_counts_complete_checkpoints_only(checkpoints):
    folders = [checkpoints.save(state(iteration)) for iteration in range(1, 6)]
    next(folders[4].glob("weights*")).unlink()
    checkpoints.rotate()
    assert [entry.iteration for entry in checkpoints.list()] == [2, 3, 4, 5]


def test_rotation_deletes_nothing_when_it_cannot_know_the_best(checkpoints):
    for iteration in range(1, 6):
        checkpoints.save(state(iteration))
    checkpoints.mark_best("voi", 1, 0.5)
    (checkpoints.folder / "best.json").write_bytes(b"{}")
    checkpoints.rotate()
    assert len(checkpoints.list()) == 5
    with pytest.raises(CheckpointError, match="Choose a checkpoint by its iteration"):
        checkpoints.load_best("voi")
    checkpoints.mark_best("voi", 2, 0.4)
    assert checkpoints.best() == {"voi": Best(2, 0.4)}


def test_files_of_others_are_never_deleted(checkpoints):
    for iteration in range(1, 6):
        (checkpoints.save(state(iteration)) / "notes.txt").write_text("mine")
    checkpoints.rotate()
    assert len(list(checkpoints.folder.rglob("notes.txt"))) == 5
    assert len(checkpoints.list()) == 3
