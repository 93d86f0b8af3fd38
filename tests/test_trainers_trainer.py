"""The trainer record: learning rate, optimiser, and what it refuses."""

from typing import Any

import pytest
import torch

from napari_dacapo.config import problems
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.run import Run
from napari_dacapo.trainers.trainer import Trainer


@pytest.mark.parametrize(
    ("schedule", "warmup", "iterations", "iteration", "part"),
    [
        ("constant", 100, 1000, 0, 0.01),
        ("constant", 100, 1000, 49, 0.5),
        ("constant", 100, 1000, 99, 1.0),
        ("constant", 100, 1000, 999, 1.0),
        ("constant", 0, 1000, 0, 1.0),
        ("constant", 100, 50, 49, 0.5),  # a run shorter than its warm-up
        ("linear", 100, 300, 99, 1.0),
        ("linear", 100, 300, 100, 1.0),
        ("linear", 100, 300, 150, 0.75),
        ("linear", 100, 300, 299, 0.005),
        ("linear", 100, 300, 5000, 0.0),
        ("linear", 100, 50, 49, 0.5),
        ("cosine", 100, 300, 150, 0.853553),
        ("cosine", 100, 300, 200, 0.5),
        ("cosine", 0, 10, 5, 0.5),
    ],
)
def test_the_learning_rate_rises_and_falls_as_said(
    schedule: Any, warmup: int, iterations: int, iteration: int, part: float
) -> None:
    trainer = Trainer(schedule=schedule, warmup_iterations=warmup, learning_rate=0.02)
    assert trainer.learning_rate_at(iteration, iterations) == pytest.approx(0.02 * part, rel=1e-6)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_no_iteration_of_a_run_trains_nothing(schedule: Any) -> None:
    trainer = Trainer(schedule=schedule, warmup_iterations=7)
    assert all(0 < trainer.learning_rate_at(i, 40) <= 1e-3 for i in range(40))


@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [
        ("RAdam", torch.optim.RAdam, {"decoupled_weight_decay": True}),
        ("AdamW", torch.optim.AdamW, {}),
        ("SGD", torch.optim.SGD, {"momentum": 0.8}),
    ],
)
def test_the_optimizer_is_built_as_declared(name: Any, kind: type, options: dict[str, Any]) -> None:
    trainer = Trainer(optimizer=name, learning_rate=0.02, weight_decay=0.25, momentum=0.8)
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = trainer.build_optimizer([weight])
    assert type(optimizer) is kind
    group = optimizer.param_groups[0]
    assert {**options, "lr": 0.02, "weight_decay": 0.25}.items() <= group.items()
    weight.grad = torch.zeros(1)
    optimizer.step()
    assert weight.item() == pytest.approx(1 - 0.02 * 0.25)  # decay alone


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("learning_rate", 0.0, id="65-zero"),
        pytest.param("learning_rate", -1e-3, id="65-negative"),
        pytest.param("learning_rate", float("nan"), id="65-nan"),
        pytest.param("learning_rate", float("inf"), id="65-infinite"),
        pytest.param("learning_rate", "abc", id="65-text"),
        pytest.param("batch_size", 0, id="66-zero"),
        pytest.param("batch_size", 10**6, id="66-million"),
        pytest.param("batch_size", 1.5, id="66-fraction"),
        ("min_labelled", 1.5),
        ("loader_threads", -1),
        ("seed", -1),
        ("warmup_iterations", -1),
        ("clip_gradient_norm", 0.0),
        ("momentum", 1.0),
        ("optimizer", "Adam"),
        ("schedule", "step"),
        ("precision", "float64"),
        ("sampling", "everywhere"),
    ],
)
def test_a_value_out_of_range_is_refused_by_its_field(field: str, value: Any) -> None:
    with pytest.raises(UserInputError) as caught:
        Trainer(**{field: value})
    assert caught.value.field == field
    assert len(str(caught.value)) <= 300


@pytest.mark.parametrize("iterations", [0, -1, 10**12], ids=lambda n: f"67-{n}")
def test_a_run_has_between_one_and_a_billion_iterations(iterations: int) -> None:
    assert "iterations" in {problem.field for problem in problems(Run, {"iterations": iterations})}


def test_an_unknown_augment_names_those_that_exist() -> None:
    with pytest.raises(UserInputError, match=r"no such Augment\. Did you mean Elastic\?") as caught:
        Trainer.from_json({"augments": [{"kind": "Elastics"}]})
    assert caught.value.field == "augments.0.kind"


def test_every_field_has_a_tooltip() -> None:
    assert all(field.description for field in Trainer.model_fields.values())
