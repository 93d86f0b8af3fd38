"""Applying a trained run to an image, and other post-processing of what validation stored."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import closing
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import tiny
import torch
import zarr

from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.concat_channels import ConcatChannels
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.ome_zarr import own_attributes
from napari_dacapo.errors import CheckpointError, DeviceError, UserInputError
from napari_dacapo.experiments.applying.apply import apply, refuse_output
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.predicting.predict import OutputGrid, predict
from napari_dacapo.experiments.predicting.trained import load_trained
from napari_dacapo.experiments.results.history import History, ValidationRow
from napari_dacapo.experiments.results.parameters import best_parameters, choose_parameters, chosen_parameters
from napari_dacapo.experiments.results.results import resegment, stored_result, stored_results, whole
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Applied, Notice, Predicted, Step
from napari_dacapo.experiments.training.train import train

RAW = File(path="check-raw.zarr")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Trained for three iterations and validated once, with two parameters of the post-processing."""
    return tiny.trained(tmp_path_factory.mktemp("workspace"), iterations=3)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "applied"


def applied(steps: Iterator[Step]) -> Applied:
    *_, last = steps
    assert isinstance(last, Applied)
    return last


def voxels(path: Path) -> np.ndarray:
    return zarr.open_array(str(path / "0"), mode="r")[:]


def refused(steps: Iterator[Step]) -> UserInputError:
    with pytest.raises(UserInputError) as caught:
        list(steps)
    assert len(str(caught.value)) <= 300
    return caught.value


def test_a_validation_image_applied_to_gives_what_validation_stored(trained: RunFolder, output: Path) -> None:
    last = applied(apply(Wanted(trained, RAW, output, device="cpu")))
    stored = stored_result(trained, 3, "check")
    np.testing.assert_array_equal(voxels(last.prediction), whole(stored.prediction))
    np.testing.assert_array_equal(voxels(last.segmentation), whole(stored.segmentation))


PARAMETERS = {"bias": 0.9, "foreground": 0.2, "min_size": 0}


def test_an_image_may_be_predicted_first_and_segmented_later(trained: RunFolder, output: Path) -> None:
    steps = list(apply(Wanted(trained, RAW, output, parameters=PARAMETERS, device="cpu", only_predict=True)))
    assert isinstance(steps[-1], Applied) and steps[-1].segmentation is None
    assert not (output / "segmentation.zarr").exists()
    later = list(apply(Wanted(trained, RAW, output, parameters=PARAMETERS, device="cpu")))
    assert not any(isinstance(step, Predicted) for step in later)
    assert isinstance(later[-1], Applied) and later[-1].segmentation.exists()


def test_a_prediction_is_kept_and_segmented_again_with_other_parameters(
    trained: RunFolder, output: Path, tmp_path: Path
) -> None:
    list(apply(Wanted(trained, RAW, output, parameters=PARAMETERS, device="cpu")))
    other = PARAMETERS | {"bias": 0.25}
    assert "parameters" in str(refused(apply(Wanted(trained, RAW, output, parameters=other, device="cpu"))))
    again = list(apply(Wanted(trained, RAW, output, parameters=other, device="cpu"), segment_again=True))
    assert not any(isinstance(step, Predicted) for step in again)
    fresh = applied(apply(Wanted(trained, RAW, tmp_path / "fresh", parameters=other, device="cpu")))
    np.testing.assert_array_equal(voxels(again[-1].segmentation), voxels(fresh.segmentation))
    assert (own_attributes(again[-1].segmentation) or {})["parameters"] == other
    assert "parameters" not in (own_attributes(again[-1].prediction) or {})  # it outlives them
    uint8 = apply(
        Wanted(trained, RAW, output, parameters=other, device="cpu", dtype="uint8"), segment_again=True
    )
    assert "it was begun with dtype 'float16', now 'uint8'" in str(refused(uint8))
    assert again[-1].segmentation.exists()


def test_results_lie_where_the_image_lies(trained: RunFolder, output: Path) -> None:
    last = applied(apply(Wanted(trained, RAW, output, device="cpu")))
    raw, prediction = RAW.open(trained.root), File(path=str(last.prediction)).open()
    assert prediction.box == raw.box and prediction.unit == "nm"
    assert prediction.channel_names == ("affinity_z1", "affinity_y1", "affinity_x1", "affinity_x3")


def test_every_block_is_a_step_and_the_results_are_the_last(trained: RunFolder, output: Path) -> None:
    steps = list(apply(Wanted(trained, RAW, output, device="cpu")))
    blocks = [(step.done, step.of) for step in steps if isinstance(step, Predicted)]
    # a block keeps 16 of 32 voxels, so that 20 voxels are two along each axis
    assert blocks == [(done, 8) for done in range(1, 9)]
    assert isinstance(steps[-1], Applied) and steps[-1].iteration == 3


def test_blocks_are_whole_chunks(trained: RunFolder, output: Path) -> None:
    last = applied(apply(Wanted(trained, RAW, output, device="cpu")))
    assert zarr.open_array(str(last.prediction / "0"), mode="r").chunks == (1, 16, 16, 16)


def test_a_box_gives_that_part_of_the_whole(trained: RunFolder, output: Path) -> None:
    box = Box((16.0, 16.0, 32.0), (112.0, 96.0, 160.0))
    part = applied(apply(Wanted(trained, RAW, output / "part", device="cpu", box=box)))
    everything = applied(apply(Wanted(trained, RAW, output / "whole", device="cpu")))
    assert File(path=str(part.prediction)).open().box == box
    expected = voxels(everything.prediction)[:, 2:14, 2:12, 4:20]
    np.testing.assert_allclose(voxels(part.prediction), expected, atol=2e-3)


def test_an_array_is_normalised_as_a_file(trained: RunFolder, output: Path) -> None:
    array = RAW.open(trained.root)
    one = applied(apply(Wanted(trained, array, output / "array", device="cpu")))
    other = applied(apply(Wanted(trained, RAW, output / "file", device="cpu")))
    np.testing.assert_array_equal(voxels(one.prediction), voxels(other.prediction))


class TestOutput:
    """Where results must not be written."""

    def refused(self, output: Path, *inputs: Path) -> str:
        with pytest.raises(UserInputError) as caught:
            refuse_output(output, inputs)
        return str(caught.value)

    def test_not_over_the_image(self, trained: RunFolder) -> None:
        raw = trained.root / "check-raw.zarr"
        error = refused(apply(Wanted(trained, RAW, raw, device="cpu")))
        assert "the image check-raw.zarr lies there" in str(error) and raw.is_dir()

    def test_not_inside_of_the_image(self, trained: RunFolder) -> None:
        refused(apply(Wanted(trained, RAW, trained.root / "check-raw.zarr" / "results", device="cpu")))

    def test_not_over_a_folder_that_holds_the_image(self, trained: RunFolder, output: Path) -> None:
        last = applied(apply(Wanted(trained, RAW, output, device="cpu")))
        assert "lies there" in self.refused(output, last.prediction)

    def test_not_over_an_image_of_several_sources(self, trained: RunFolder, output: Path) -> None:
        both = ConcatChannels(sources=(RAW, File(path="train-raw.zarr")))
        assert both.paths(trained.root) == (trained.root / RAW.path, trained.root / "train-raw.zarr")

    def test_not_through_a_link_into_the_image(self, tmp_path: Path) -> None:
        image = tmp_path / "image.zarr"
        image.mkdir()
        (tmp_path / "link").symlink_to(image)
        assert "lies there" in self.refused(tmp_path / "link" / "results", image)

    def test_not_inside_of_any_container(self, tmp_path: Path) -> None:
        (tmp_path / "zarr.json").write_text("{}")
        assert "inside of the image" in self.refused(tmp_path / "results")

    def test_not_over_what_is_not_ours(self, output: Path) -> None:
        output.mkdir()
        refuse_output(output)  # an empty folder may be filled
        (output / "thesis.docx").write_text("years of work")
        assert "something else is there" in self.refused(output)

    def test_notes_beside_our_results_stay_when_these_are_replaced(
        self, trained: RunFolder, output: Path
    ) -> None:
        applied(apply(Wanted(trained, RAW, output, device="cpu")))
        (output / "notes.txt").write_text("mine")
        applied(apply(Wanted(trained, RAW, output, device="cpu"), replace=True))
        assert (output / "notes.txt").read_text() == "mine"

    def test_what_a_file_manager_left_in_an_empty_folder_is_nothing(self, output: Path) -> None:
        output.mkdir()
        (output / ".DS_Store").write_bytes(b"Bud1")
        refuse_output(output)

    def test_not_below_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("years of work")
        assert "something else is there" in self.refused(tmp_path / "file" / "results")

    def test_not_over_another_programs_image_of_the_same_name(self, output: Path) -> None:
        zarr.create_array(str(output / "prediction.zarr"), shape=(4, 4), dtype=np.uint8)
        assert "something else is there" in self.refused(output)

    @pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
    def test_not_into_a_folder_that_may_not_be_written(
        self, trained: RunFolder, output: Path, monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        def deny(*_: Any, **__: Any) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(Path, "mkdir", deny)
        error = refused(apply(Wanted(trained, RAW, output, device="cpu")))
        assert error.field == "output" and os.strerror(number) in str(error)


class TestImage:
    """Images that the network cannot take."""

    def test_of_other_dimensions(self, trained: RunFolder, output: Path) -> None:
        flat = from_numpy(np.zeros((20, 20), np.uint8), "yx", (8.0, 8.0), name="flat")
        error = refused(apply(Wanted(trained, flat, output, device="cpu")))
        assert "flat is 2D, the network was trained in 3D" in str(error)

    def test_of_other_channels(self, trained: RunFolder, output: Path) -> None:
        colour = from_numpy(np.zeros((3, 20, 20, 20), np.uint8), "czyx", (8.0,) * 3, name="colour")
        error = refused(apply(Wanted(trained, colour, output, device="cpu")))
        assert "colour has 3 channels, the network was trained on 1 channel" in str(error)

    def test_of_complex_numbers(self, trained: RunFolder, output: Path) -> None:
        waves = from_numpy(np.zeros((20, 20, 20), np.complex64), "zyx", (8.0,) * 3, name="waves")
        assert "complex64" in str(refused(apply(Wanted(trained, waves, output, device="cpu"))))

    @pytest.mark.parametrize(
        ("box", "reason"),
        [
            (Box((0.0, 0.0), (8.0, 8.0)), "has 3 axes"),
            (Box((0.0, 0.0, 0.0), (8.0, 8.0, nan)), "Give 3 numbers"),
            (Box((160.0, 0.0, 0.0), (200.0, 160.0, 160.0)), "no whole voxel"),
            (Box((0.0, 0.0, 0.0), (7.0, 160.0, 160.0)), "no whole voxel"),
            (Box((4.0, 0.0, 0.0), (12.0, 160.0, 160.0)), "no whole voxel"),  # two halves
            (Box((8.0, 8.0, 8.0), (-inf, 160.0, 160.0)), "no whole voxel"),
        ],
    )
    def test_with_an_impossible_box(self, trained: RunFolder, output: Path, box: Box, reason: str) -> None:
        assert reason in str(refused(apply(Wanted(trained, RAW, output, device="cpu", box=box))))

    def test_of_another_voxel_size_is_told(self, trained: RunFolder, output: Path) -> None:
        coarse = RAW.replace(voxel_size=(16.0,) * 3, unit="nm")
        notices = [
            s.text for s in apply(Wanted(trained, coarse, output, device="cpu")) if isinstance(s, Notice)
        ]
        assert notices[0].startswith("Trained on voxels of (8.0, 8.0, 8.0) nm, applied to voxels of (16.0")

    def test_of_which_one_time_point_is_taken_is_told(self, trained: RunFolder, tmp_path: Path) -> None:
        film = np.zeros((2, 8, 8, 8), np.uint8)
        tifffile.imwrite(tmp_path / "film.tif", film, imagej=True, metadata={"axes": "TZYX"})
        wanted = Wanted(trained, File(path=str(tmp_path / "film.tif")), tmp_path / "applied", device="cpu")
        told = [step.text for step in apply(wanted) if isinstance(step, Notice)]
        assert any("film.tif has 2 time points: the first is taken unless" in text for text in told)


class TestParameters:
    """Which parameters of the post-processing are taken."""

    @pytest.fixture(autouse=True)
    def _nothing_chosen(self, trained: RunFolder) -> Iterator[None]:
        yield
        (trained.path / "parameters.json").unlink(missing_ok=True)

    def test_those_given(self, trained: RunFolder, output: Path) -> None:
        given = {"bias": 0.4, "foreground": 0.2, "min_size": 20}
        choose_parameters(trained, given | {"bias": 0.9})
        assert (
            applied(apply(Wanted(trained, RAW, output, parameters=given, device="cpu"))).parameters == given
        )

    def test_else_those_chosen(self, trained: RunFolder, output: Path) -> None:
        chosen = {"bias": 0.33, "foreground": 0.0, "min_size": 5}
        choose_parameters(trained, chosen)
        assert applied(apply(Wanted(trained, RAW, output, device="cpu"))).parameters == chosen

    def test_else_the_best_of_validation(self, trained: RunFolder, output: Path) -> None:
        assert chosen_parameters(trained) is None
        expected = best_parameters(trained, 3)
        assert applied(apply(Wanted(trained, RAW, output, device="cpu"))).parameters == expected

    def test_else_the_first_and_a_person_is_told(self, tmp_path: Path) -> None:
        folder = tiny.run_folder(tmp_path)
        with closing(train(tiny.run(tmp_path), folder, "cpu")) as steps:
            next(steps)
        *others, last = apply(Wanted(folder, RAW, tmp_path / "applied", device="cpu"))
        assert isinstance(last, Applied) and last.parameters["bias"] == 0.25
        told = [step.text for step in others if isinstance(step, Notice)]
        assert any("never validated; it is applied with bias 0.25, " in text for text in told)

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"bias": 0.5},
            {"bias": 0.5, "foreground": 0.2, "min_size": 20, "seed": 1},
            {"bias": "a lot", "foreground": 0.2, "min_size": 20},
            {"bias": True, "foreground": 0.2, "min_size": 20},
        ],
    )
    def test_wrong_ones_are_refused_everywhere(
        self, trained: RunFolder, output: Path, wrong: dict[str, Any]
    ) -> None:
        assert (
            "parameters" in refused(apply(Wanted(trained, RAW, output, parameters=wrong, device="cpu"))).field
        )
        with pytest.raises(UserInputError, match="parameters"):
            choose_parameters(trained, wrong)
        with pytest.raises(UserInputError, match="parameters"):
            resegment(trained, 3, "check", wrong)

    def test_a_damaged_choice_is_told(self, trained: RunFolder) -> None:
        (trained.path / "parameters.json").write_bytes(b'{"bias": ')
        with pytest.raises(CheckpointError, match="damaged"):
            chosen_parameters(trained)

    @pytest.mark.parametrize(
        ("iteration", "criterion", "bias"),
        [
            (3, "", 0.5),  # the mean of voi_sum decides: 3 and 2
            (3, "adapted_rand", 0.25),
            (3, "b/voi_sum", 0.25),  # dataset b alone: 1 and 3
            (4, "", 0.25),  # not validated: the best of all, at iteration 6
        ],
    )
    def test_the_best_are_those_with_the_best_score(
        self, tmp_path: Path, iteration: int, criterion: str, bias: float
    ) -> None:
        folder = tiny.run_folder(tmp_path)
        folder.save_run(tiny.run(tmp_path))
        rows = [
            (3, "a", 0.25, {"voi_sum": 5.0, "adapted_rand": 0.1}),
            (3, "a", 0.5, {"voi_sum": 1.0, "adapted_rand": 0.9}),
            (3, "b", 0.25, {"voi_sum": 1.0, "adapted_rand": 0.1}),
            (3, "b", 0.5, {"voi_sum": 3.0, "adapted_rand": 0.9}),
            (6, "a", 0.25, {"voi_sum": 0.5, "adapted_rand": 0.9}),
        ]
        measured = [ValidationRow(i, title, {"bias": b}, scores) for i, title, b, scores in rows]
        History(folder.path).append_many(measured)
        assert best_parameters(folder, iteration, criterion) == {"bias": bias}


def test_stored_predictions_segmented_again_give_the_stored_segmentation_and_scores(
    trained: RunFolder,
) -> None:
    parameters = best_parameters(trained, 3)
    assert parameters is not None
    again = resegment(trained, 3, "check", parameters)
    row = next(
        row for row in History(trained.path).read().validations if dict(row.parameters) == dict(parameters)
    )
    np.testing.assert_array_equal(again.segmentation, whole(stored_result(trained, 3, "check").segmentation))
    assert again.scores == pytest.approx(dict(row.scores), nan_ok=True)


def test_other_parameters_give_another_segmentation(trained: RunFolder) -> None:
    everything = resegment(trained, 3, "check", {"bias": 0.0, "foreground": 0.0, "min_size": 0})
    nothing = resegment(trained, 3, "check", {"bias": 0.5, "foreground": 1.0, "min_size": 0})
    assert everything.segmentation.max() == 1 and nothing.segmentation.max() == 0


def test_what_is_stored_is_listed_and_what_is_not_is_told(trained: RunFolder) -> None:
    assert [(each.iteration, each.dataset.title) for each in stored_results(trained)] == [(3, "check")]
    with pytest.raises(CheckpointError, match="only: check at 3"):
        stored_result(trained, 6, "check")


OUT_OF_MEMORY = torch.OutOfMemoryError("CUDA out of memory")


class Small(torch.nn.Module):
    """A network on a device that takes so many voxels at once."""

    def __init__(self, network: torch.nn.Module, most: int, refusal: RuntimeError) -> None:
        super().__init__()
        self.network = network
        self.most = most
        self.refusal = refusal

    def forward(self, raw: torch.Tensor) -> torch.Tensor:
        if raw.numel() > self.most:
            raise self.refusal
        return self.network(raw)


def predicted(
    folder: RunFolder, most: int, refusal: RuntimeError = OUT_OF_MEMORY
) -> tuple[np.ndarray, list[Step]]:
    """The first 8^3 voxels, which take one block of 24^3."""
    loaded = load_trained(folder, device="cpu")
    object.__setattr__(loaded, "network", Small(loaded.network, most, refusal))
    raw = loaded.run.datasplit.normalization.apply(RAW.open(folder.root))
    target = np.zeros((4, 8, 8, 8), np.float32)
    grid = OutputGrid.of(loaded.run, raw, Box((0.0,) * 3, (64.0,) * 3))
    return target, list(predict(loaded, raw, grid, "check", target))


@pytest.mark.parametrize(
    "refusal",
    [
        OUT_OF_MEMORY,
        RuntimeError("FIND was unable to find an engine to execute this computation"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
    ids=["torch", "cuDNN", "cuBLAS"],
)
def test_blocks_get_smaller_where_memory_ends_and_the_prediction_stays_the_same(
    trained: RunFolder, refusal: RuntimeError
) -> None:
    large, _ = predicted(trained, 24**3)
    small, steps = predicted(trained, 24**3 - 1, refusal)
    notices = [step for step in steps if isinstance(step, Notice)]
    assert len(notices) == 1 and "(24, 24, 24)" in notices[0].text
    np.testing.assert_allclose(small, large, atol=1e-5)


def test_a_device_that_takes_no_block_is_told(trained: RunFolder) -> None:
    with pytest.raises(DeviceError, match="does not suffice to predict check"):
        predicted(trained, 0)


def test_results_say_how_they_were_made(trained: RunFolder, output: Path) -> None:
    last = applied(apply(Wanted(trained, RAW, output, device="cpu")))
    own = json.loads((last.segmentation / "zarr.json").read_text())["attributes"]["napari_dacapo"]
    assert own["image"] == "check-raw.zarr" and own["parameters"] == last.parameters
    assert own["iteration"] == 3 and own["identity"] == trained.saved_run().identity
