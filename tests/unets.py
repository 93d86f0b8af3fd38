"""Small U-Nets of every make, by name."""

from napari_dacapo.architectures.residual_unet import ResidualUNet
from napari_dacapo.architectures.unet import UNet

SMALL = {"num_fmaps": 2, "fmap_inc_factor": 2, "fmaps_out": 3}
TWO_POOLINGS_2D = {
    "downsample_factors": ((2, 2), (2, 2)),
    "input_shape": (48, 52),
    "eval_shape_increase": (8, 0),
    **SMALL,
}
ONE_POOLING_3D = {
    "downsample_factors": ((2, 2, 2),),
    "input_shape": (20, 22, 20),
    "eval_shape_increase": (0, 0, 2),
    **SMALL,
}
FLAT_THEN_DEEP = {  # like sections of 40 x 4 x 4 nm
    "downsample_factors": ((1, 2, 2), (2, 2, 2)),
    "kernel_size_down": (((1, 3, 3), (1, 3, 3)), ((1, 3, 3), (3, 3, 3)), ((3, 3, 3),)),
    "kernel_size_up": (((1, 3, 3), (1, 3, 3)), ((3, 3, 3), (1, 3, 3))),
    "input_shape": (16, 44, 48),
    "eval_shape_increase": (2, 0, 4),
    **SMALL,
}

UNETS = {
    "2d": UNet(**TWO_POOLINGS_2D),
    "2d odd pooling": UNet(
        **SMALL,
        downsample_factors=((3, 2), (2, 3)),
        kernel_size_down=(((3, 5),), ((3, 3), (1, 3)), ((3, 3),)),
        kernel_size_up=(((3, 3),), ((3, 1), (1, 3))),
        input_shape=(44, 48),
        eval_shape_increase=(12, 12),
    ),
    "2d poolings of 3": UNet(
        **SMALL,
        downsample_factors=((3, 3),),
        kernel_size_down=(((3, 3),), ((3, 3),)),
        kernel_size_up=(((3, 3),),),
        input_shape=(17, 17),
        eval_shape_increase=(3, 3),
    ),
    "2d same": UNet(**{**TWO_POOLINGS_2D, "padding": "same", "input_shape": (16, 20)}),
    "2d finer": UNet(**{**TWO_POOLINGS_2D, "upsample_factors": ((2, 1), (2, 3))}),
    "2d wide attention": UNet(**{**TWO_POOLINGS_2D, "wide_last_rise": True, "use_attention": True}),
    "2d group": UNet(**{**TWO_POOLINGS_2D, "normalization": "group"}),
    "2d instance": UNet(**{**TWO_POOLINGS_2D, "normalization": "instance", "constant_upsample": False}),
    "2d residual": ResidualUNet(**{**TWO_POOLINGS_2D, "normalization": "group"}),
    "3d residual": ResidualUNet(**{**ONE_POOLING_3D, "constant_upsample": False}),
    "3d": UNet(**ONE_POOLING_3D),
    "3d transposed attention": UNet(
        **{**ONE_POOLING_3D, "constant_upsample": False, "use_attention": True, "normalization": "batch"}
    ),
    "3d same attention finer": UNet(
        **{
            **ONE_POOLING_3D,
            "padding": "same",
            "use_attention": True,
            "input_shape": (8, 10, 6),
            "upsample_factors": ((1, 2, 2),),
        }
    ),
    "3d anisotropic": UNet(**FLAT_THEN_DEEP),
    "3d anisotropic same": UNet(**{**FLAT_THEN_DEEP, "padding": "same", "input_shape": (4, 8, 12)}),
}
