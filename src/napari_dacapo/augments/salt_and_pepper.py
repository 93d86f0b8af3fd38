"""Single voxels of no use."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import IntensityAugment, Parameters


class SaltAndPepper(IntensityAugment):
    """Make single voxels black or white, as hot and dead pixels of a camera are."""

    highest_share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.01
    "The largest share of voxels that is changed; each patch's is drawn from 0 up to it."

    def draw(self, rng: np.random.Generator, shape: Voxels, voxel_size: World) -> Parameters:
        return {"share": rng.uniform(0.0, self.highest_share), "seed": int(rng.integers(2**63))}

    def act(self, raw: NDArray[np.float32], **parameters: Any) -> NDArray[np.float32]:
        chance = np.random.default_rng(parameters["seed"]).random(raw.shape, np.float32)
        share = np.float32(parameters["share"])
        changed = raw.copy()
        changed[chance < share] = 0.0
        changed[chance < share / 2] = 1.0
        return changed
