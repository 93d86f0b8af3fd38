"""DaCapo's networks as ours."""

from __future__ import annotations

from typing import Any

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.architectures.unet import UNet
from napari_dacapo.errors import UserInputError
from napari_dacapo.from_dacapo.fields import Fields

SAME = (  # names that mean the same on both sides, and DaCapo's defaults
    ("num_fmaps", None),
    ("fmap_inc_factor", None),
    ("fmaps_out", None),
    ("downsample_factors", None),
    ("kernel_size_down", ()),
    ("kernel_size_up", ()),
    ("upsample_factors", ()),
    ("constant_upsample", True),
    ("padding", "valid"),
)
GATES = "its gates are of another make here: weights do not fit"
MADE_FINER = "what makes the output finer has the kernels of the coarsest level there, of the finest here"


def architecture(fields: Fields) -> Architecture:
    """Raises UserInputError where there is no counterpart."""
    if fields.kind != "CNNectomeUNet":
        raise fields.unknown()
    values: dict[str, Any] = {
        name: fields.take(name, name) if default is None else fields.take(name, name, default)
        for name, default in SAME
    }
    values["use_attention"] = fields.take("use_attention", "use_attention", False, GATES)
    batch = fields.take("batch_norm", "normalization", False)
    values["normalization"] = "batch" if batch else "none"
    fields.leave("fmaps_in", "the data tell how many channels they have")
    fields.say("wide_last_rise", "true: so the network is the one DaCapo builds")
    _refuse_other_kernels(values)
    values["input_shape"] = fields.take("input_shape", "input_shape")
    increase = fields.take("_eval_shape_increase", "eval_shape_increase", None)
    values["eval_shape_increase"] = increase or (0,) * len(values["input_shape"])
    return UNet(wide_last_rise=True, **values)


def _refuse_other_kernels(values: dict[str, Any]) -> None:
    up = values["kernel_size_up"]
    if values["upsample_factors"] and up and up[0] != up[-1]:
        raise UserInputError("kernel_size_up", up, MADE_FINER, "Use the same kernels at all levels")
