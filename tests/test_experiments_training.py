"""Training: it learns, stops anywhere, goes on bit for bit, and says what went wrong."""

from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch

from napari_dacapo.errors import CheckpointError, DeviceError, UserInputError
from napari_dacapo.experiments import memory
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.checkpoints.weights import size_of
from napari_dacapo.experiments.results.history import History
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.starts.from_file import FromFile
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.experiments.steps import Notice, Saved, TrainStep, Validation
from napari_dacapo.experiments.training import session as training_session
from napari_dacapo.experiments.training import train as training
from napari_dacapo.experiments.training.session import Session
from napari_dacapo.experiments.training.train import train
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.scores.mean_iou import MeanIoU
from napari_dacapo.trainers.trainer import Trainer


def weights(run: Run, folder: RunFolder) -> dict[str, torch.Tensor]:
    return Checkpoints(folder.checkpoints, run.identity).load().state.weights


def losses(folder: RunFolder) -> list[float]:
    return [float(loss) for loss in History(folder.path).read().iterations.loss]


def scores(folder: RunFolder) -> list[Any]:
    rows = History(folder.path).read().validations
    return [(r.iteration, r.dataset, dict(r.parameters), dict(r.scores)) for r in rows]


def stop_after(run: Run, folder: RunFolder, iterations: int) -> None:
    with closing(train(run, folder, "cpu")) as steps:
        done = (step for step in steps if isinstance(step, TrainStep))
        for _ in islice(done, iterations):
            pass


def test_a_run_yields_steps_validations_and_checkpoints(tmp_path: Path) -> None:
    run, folder = tiny.run(tmp_path), tiny.run_folder(tmp_path)
    steps = list(train(run, folder, "cpu"))
    assert [s.iteration for s in steps if isinstance(s, TrainStep)] == [1, 2, 3, 4, 5, 6]
    assert {s.iteration for s in steps if isinstance(s, Validation)} == {3, 6}
    assert [s.iteration for s in steps if isinstance(s, Saved) and not s.best_by][:1] == [2]
    assert len(losses(folder)) == 6
    assert folder.saved_run() == run


def test_the_loss_falls(tmp_path: Path) -> None:
    trainer = Trainer(
        augments=(), optimizer="AdamW", learning_rate=0.01, warmup_iterations=0, precision="float32"
    )
    run = tiny.run(tmp_path, trainer=trainer, iterations=40, validation_interval=100)
    folder = tiny.run_folder(tmp_path)
    stop_after(run, folder, 40)
    assert np.mean(losses(folder)[-10:]) < 0.8 * np.mean(losses(folder)[:5])


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("cut", [1, 3, 5])
def test_resumed_training_equals_uninterrupted_training_bit_for_bit(
    tmp_path: Path, cut: int, threads: int
) -> None:
    whole, parts = tiny.run_folder(tmp_path, "whole"), tiny.run_folder(tmp_path, "parts")
    run = tiny.run(tmp_path)
    threaded = run.replace(trainer=run.trainer.replace(loader_threads=threads))
    list(train(run, whole, "cpu"))
    stop_after(threaded, parts, cut)
    assert len(losses(parts)) == cut
    list(train(run, parts, "cpu"))  # by other threads
    assert losses(parts) == losses(whole)
    assert scores(parts) == scores(whole)
    expected, found = weights(run, whole), weights(run, parts)
    assert all(torch.equal(expected[key], found[key]) for key in expected)


def test_float16_resumes_bit_for_bit_with_the_scale_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        training_session, "_scaler", lambda _: torch.amp.GradScaler("cpu", init_scale=2.0**24)
    )
    whole, parts = tiny.run_folder(tmp_path, "whole"), tiny.run_folder(tmp_path, "parts")
    run = tiny.run(tmp_path, iterations=12, validation_interval=100)
    run = run.replace(trainer=run.trainer.replace(precision="float16"))
    list(train(run, whole, "cpu"))
    stop_after(run, parts, 2)  # gradients were infinite so far: steps are skipped until the scale is lower
    list(train(run, parts, "cpu"))
    skipped = np.isnan(losses(whole))
    assert skipped[:2].all() and not skipped[2:5].any()
    np.testing.assert_array_equal(losses(parts), losses(whole))
    expected, found = weights(run, whole), weights(run, parts)
    assert all(torch.equal(expected[key], found[key]) for key in expected)


@pytest.mark.parametrize("optimizer", ["RAdam", "AdamW", "SGD"])
def test_every_optimizer_resumes_bit_for_bit(tmp_path: Path, optimizer: str) -> None:
    whole, parts = tiny.run_folder(tmp_path, "whole"), tiny.run_folder(tmp_path, "parts")
    trainer = Trainer(
        optimizer=optimizer, momentum=0.9, warmup_iterations=3, schedule="cosine", precision="float32"
    )
    run = tiny.run(tmp_path, trainer=trainer, validation_interval=100)
    stop_after(run, whole, 5)
    stop_after(run, parts, 2)
    stop_after(run, parts, 3)
    expected, found = weights(run, whole), weights(run, parts)
    assert all(torch.equal(expected[key], found[key]) for key in expected)


def test_stopping_within_validation_repeats_only_the_validation(tmp_path: Path) -> None:
    run, folder = tiny.run(tmp_path), tiny.run_folder(tmp_path)
    with closing(train(run, folder, "cpu")) as steps:
        next(step for step in steps if isinstance(step, Validation))
    assert scores(folder) == []
    steps = list(train(run, folder, "cpu"))
    assert [s.iteration for s in steps if isinstance(s, TrainStep)] == [4, 5, 6]
    assert {row[0] for row in scores(folder)} == {3, 6}


def test_a_finished_run_says_so_and_a_longer_one_goes_on(tmp_path: Path) -> None:
    run, folder = tiny.run(tmp_path, iterations=2), tiny.run_folder(tmp_path)
    list(train(run, folder, "cpu"))
    (notice,) = train(run, folder, "cpu")
    assert isinstance(notice, Notice)
    more = [s for s in train(run.replace(iterations=3), folder, "cpu") if isinstance(s, TrainStep)]
    assert [s.iteration for s in more] == [3]


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    run, folder = tiny.run(tmp_path), tiny.run_folder(tmp_path)
    stop_after(run, folder, 1)
    other = run.replace(trainer=run.trainer.replace(learning_rate=0.5))
    with pytest.raises(CheckpointError, match="another run"):
        next(train(other, folder, "cpu"))
    assert folder.saved_run() == run


def test_a_run_that_cannot_work_writes_nothing(tmp_path: Path) -> None:
    run, folder = tiny.run(tmp_path), tiny.run_folder(tmp_path)
    large = run.architecture.replace(input_shape=run.architecture.nearest_input_shape((96, 96, 96)))
    with pytest.raises(UserInputError, match="input shape of at most"):
        next(train(run.replace(architecture=large), folder, "cpu"))
    assert not folder.path.exists()


def test_two_repetitions_differ_and_the_same_one_does_not(tmp_path: Path) -> None:
    run = tiny.run(tmp_path)
    for name, repetition in (("a", 0), ("b", 0), ("c", 1)):
        stop_after(run.replace(repetition=repetition), tiny.run_folder(tmp_path, name), 1)
    a, b, c = (losses(tiny.run_folder(tmp_path, name)) for name in "abc")
    assert a == b != c


def test_a_run_starts_from_another_with_the_channels_of_its_head_matched(tmp_path: Path) -> None:
    run = tiny.run(tmp_path, validation_interval=100)
    from napari_dacapo.store.workspace import Workspace

    first = RunFolder(Workspace(tmp_path / "space").run_folder("first"), tmp_path / "space")
    for name in ("train", "check"):
        tiny.dataset(tmp_path / "space", name, (40, 40, 40), 0)
    stop_after(run, first, 2)
    reversed_task = run.task.replace(neighborhood=run.task.neighborhood[::-1])
    second = run.replace(task=reversed_task, start=FromRun(run="first"))
    session = Session.begin(second, RunFolder(tmp_path / "space" / "second", tmp_path / "space"), "cpu")
    trained = weights(run, first)
    for name, value in session.network.state_dict().items():
        expected = trained[name].flip(0) if name.startswith("head") else trained[name]
        assert torch.equal(value, expected)


def test_a_run_starts_from_a_checkpoints_folder_but_not_from_a_file_of_far_more_bytes(tmp_path: Path) -> None:
    first, folder = tiny.run(tmp_path), tiny.run_folder(tmp_path, "first")
    list(train(first, folder, "cpu"))
    place = folder.checkpoints.relative_to(tmp_path) / f"{6:09d}"
    second = first.replace(start=FromFile(path=str(place)))
    session = Session.begin(second, tiny.run_folder(tmp_path, "second"), "cpu")
    begun, trained = session.network.state_dict(), weights(first, folder)
    assert begun.keys() == trained.keys() and all(torch.equal(begun[name], trained[name]) for name in begun)
    (tmp_path / "huge.safetensors").write_bytes(bytes(5 * size_of(session.network)))
    third = first.replace(start=FromFile(path="huge.safetensors"))
    with pytest.raises(CheckpointError, match="this network's weights at most"):
        Session.begin(third, tiny.run_folder(tmp_path, "third"), "cpu")


def test_what_comes_after_the_network_does_not_tell_runs_apart(tmp_path: Path) -> None:
    run = tiny.run(tmp_path)
    judged = run.task.replace(postprocessor=MutexWatershed(bias=(0.9,)), scores=(MeanIoU(),))
    assert run.replace(task=judged).identity == run.identity
    other = run.task.replace(neighborhood=((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 4)))
    assert run.replace(task=other).identity != run.identity
    assert run.replace(architecture=tiny.UNET.replace(num_fmaps=5)).identity != run.identity


def test_steps_in_which_nothing_is_learned_are_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the task gives no weight to a few strokes."""
    learn = Session.learn
    monkeypatch.setattr(Session, "learn", lambda session, batch: 0 * learn(session, batch))
    run = tiny.run(tmp_path, iterations=12, validation_interval=100)
    steps = list(train(run, tiny.run_folder(tmp_path), "cpu"))
    told = [
        place for place, step in enumerate(steps) if isinstance(step, Notice) and "no weight" in step.text
    ]
    assert len(told) == 1
    assert sum(isinstance(step, TrainStep) for step in steps[: told[0]]) == 10


def test_a_loss_that_is_not_finite_skips_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, folder = tiny.run(tmp_path), tiny.run_folder(tmp_path)
    session = Session.begin(run, folder, "cpu")
    before = {name: value.clone() for name, value in session.network.state_dict().items()}
    batch = session.batches.at(0)
    batch.raw[...] = np.nan
    assert np.isnan(session.learn(batch))
    assert all(torch.equal(before[name], value) for name, value in session.network.state_dict().items())
    assert session.skipped == 1


def test_ten_losses_in_a_row_that_are_not_finite_stop_at_the_last_good_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, folder = tiny.run(tmp_path, iterations=40, validation_interval=100), tiny.run_folder(tmp_path)
    stop_after(run, folder, 2)
    monkeypatch.setattr(type(run.task), "loss", lambda self, output, target, weight: output.sum() * torch.nan)
    with pytest.raises(DeviceError, match=r"no finite number.*iteration 2 is kept"):
        list(train(run.replace(trainer=run.trainer), folder, "cpu"))
    assert all(value.isfinite().all() for value in weights(run, folder).values())
    assert Checkpoints(folder.checkpoints, run.identity).iterations() == (2,)  # none of the skipped steps


class FakeMemory:
    """Out of memory until the batch is small enough, as a GPU would be."""

    def __init__(self, suffices_for: int) -> None:
        self.suffices_for = suffices_for
        self.tries: list[int] = []

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = Session.gradients
        memory_ = self

        def gradients(self: Session, batch: Any) -> torch.Tensor:
            voxels = batch.raw.size
            memory_.tries.append(voxels)
            if voxels > memory_.suffices_for:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return real(self, batch)

        monkeypatch.setattr(Session, "gradients", gradients)
        monkeypatch.setattr(training, "memory_can_run_out", lambda device: True)


def test_out_of_memory_halves_the_batch_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patch = 24**3
    fake = FakeMemory(suffices_for=2 * patch)
    fake.install(monkeypatch)
    run = tiny.run(tmp_path, validation_interval=100, iterations=2)
    run = run.replace(trainer=run.trainer.replace(batch_size=8))
    steps = list(train(run, tiny.run_folder(tmp_path), "cpu"))
    assert fake.tries[:3] == [8 * patch, 4 * patch, 2 * patch]
    assert sum(isinstance(step, Notice) for step in steps) == 2
    assert sum(isinstance(step, TrainStep) for step in steps) == 2


def test_out_of_memory_gives_up_after_three_halvings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeMemory(suffices_for=0)
    fake.install(monkeypatch)
    run = tiny.run(tmp_path)
    run = run.replace(trainer=run.trainer.replace(batch_size=64))
    with pytest.raises(DeviceError, match="does not suffice"):
        list(train(run, tiny.run_folder(tmp_path), "cpu"))
    assert len(fake.tries) == 1 + memory.MOST_HALVINGS


def test_out_of_memory_later_keeps_the_checkpoint_and_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, folder = tiny.run(tmp_path), tiny.run_folder(tmp_path)
    real = Session.gradients

    def gradients(self: Session, batch: Any) -> torch.Tensor:
        if self.iteration == 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, batch)

    monkeypatch.setattr(Session, "gradients", gradients)
    with pytest.raises(DeviceError, match="smaller batch or patch; iteration 2 is kept"):
        list(train(run, folder, "cpu"))
    assert Checkpoints(folder.checkpoints, run.identity).load().state.iteration == 2


def test_training_stops_early_when_the_score_gets_no_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tiny.run(tmp_path, iterations=20, validation_interval=1, patience=2)
    monkeypatch.setattr(type(run.task), "score", lambda self, *arrays: {c.name: 1.0 for c in self.criteria()})
    steps = [s for s in train(run, tiny.run_folder(tmp_path), "cpu") if isinstance(s, TrainStep)]
    assert len(steps) == 3
