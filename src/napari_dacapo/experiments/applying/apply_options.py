"""What is made of an image, and how it is stored."""

from napari_dacapo.arrays.image_metadata import OmeVersion
from napari_dacapo.blockwise.coding import OutputDtype
from napari_dacapo.config import Config


class ApplyOptions(Config):
    """What else can be chosen, besides the run, the image and the folder that gets the results."""

    stored_as: OutputDtype = "float16"
    (
        "What the prediction is stored as. float16 changes a probability by 0.0005 at most; uint8 by 0.002, "
        "and takes half the room; float32 keeps it as it is, and takes twice the room."
    )

    ome_zarr: OmeVersion = "0.5"
    "Which version of it is written. 0.4 is for programs that read no newer one; it is many small files."

    segmenter: str = ""
    (
        "A Python function of your own in place of the run's post-processing: file.py:function, or "
        "module:function. It is called for one block at a time with prediction and voxel_size, and runs with "
        "all that you may do: take only what you trust."
    )

    only_predict: bool = False
    "Do not segment. The same without this goes on and makes the segmentation."
