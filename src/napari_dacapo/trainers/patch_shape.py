"""The shapes of a training patch."""

from dataclasses import dataclass

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.resampling.lookup import PatchGrid


@dataclass(frozen=True, slots=True)
class PatchShape:
    """What goes into the network, what comes out, and what the task needs around that.

    # raw      |. . . . . . . . . .|      input_shape, in voxels of raw
    # output       |. . . . . .|          output_shape, in the output's voxels: `scale` of them a raw voxel
    # labels     |. . . . . . . . .|      padding, before and after the output, in the output's voxels
    """

    input_shape: Voxels
    output_shape: Voxels
    scale: Voxels
    padding: tuple[Voxels, Voxels]

    @property
    def covered(self) -> Voxels:
        """Raw voxels along each axis that the output covers."""
        return tuple(-(-o // s) for o, s in zip(self.output_shape, self.scale, strict=True))

    @property
    def margin(self) -> Voxels:
        """Raw voxels before the output; one less than after it where their number is odd."""
        return tuple((i - c) // 2 for i, c in zip(self.input_shape, self.covered, strict=True))

    def half(self, voxel_size: World) -> World:
        """From the first corner of the output to its centre, in world units."""
        return tuple(o * v / s / 2 for o, v, s in zip(self.output_shape, voxel_size, self.scale, strict=True))

    def raw_grid(self, voxel_size: World) -> PatchGrid:
        """The input's voxels about the output's centre."""
        sides = zip(self.margin, voxel_size, self.half(voxel_size), strict=True)
        return PatchGrid(self.input_shape, tuple((0.5 - m) * v - h for m, v, h in sides), voxel_size)

    def label_grid(self, voxel_size: World) -> PatchGrid:
        """The voxels of output and padding about the output's centre; `voxel_size` is that of raw."""
        before, after = self.padding
        fine = tuple(v / s for v, s in zip(voxel_size, self.scale, strict=True))
        sides = zip(before, fine, self.half(voxel_size), strict=True)
        shape = tuple(b + o + a for b, o, a in zip(before, self.output_shape, after, strict=True))
        return PatchGrid(shape, tuple((0.5 - b) * v - h for b, v, h in sides), fine)
