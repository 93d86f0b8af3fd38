"""How a part of an image is cut into blocks that a network predicts."""

from pathlib import Path

import pytest
import tiny

from napari_dacapo.experiments.predicting.predict import OutputGrid, first_plan

VOXEL = (8.0,) * 3


@pytest.mark.parametrize(
    ("region", "block", "count"),
    [
        (10, 10, 1),
        (16, 16, 1),
        (18, 18, 1),  # one of 18 instead of one of 16 and one of 2
        (20, 20, 1),
        (22, 16, 8),  # one of 22 would be far larger than was meant
        (36, 18, 8),  # two of 18 a side instead of three
    ],
)
def test_a_block_is_a_little_larger_where_that_saves_some(
    region: int, block: int, count: int, tmp_path: Path
) -> None:
    grid = OutputGrid((0,) * 3, (region,) * 3, (0.0,) * 3, VOXEL, "nm")
    plan = first_plan(tiny.run(tmp_path), grid)
    assert (plan.block_shape, plan.count) == ((block,) * 3, count)
