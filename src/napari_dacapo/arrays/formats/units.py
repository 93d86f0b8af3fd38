"""Names of lengths, as files write them."""

from napari_dacapo.errors import UserInputError

NANOMETERS = {
    **dict.fromkeys(("pm", "picometer"), 1e-3),
    **dict.fromkeys(("a", "å", "angstrom", "ångström"), 0.1),
    **dict.fromkeys(("nm", "nanometer"), 1.0),
    **dict.fromkeys(("um", "micrometer", "micron"), 1e3),
    **dict.fromkeys(("mm", "millimeter"), 1e6),
    **dict.fromkeys(("cm", "centimeter"), 1e7),
    **dict.fromkeys(("m", "meter"), 1e9),
    **dict.fromkeys(("in", "inch"), 25.4e6),
}
NO_LENGTH = ("", "pixel", "px", "voxel", "none", "unit", "dimensionless", "reference frame")


def nanometers(unit: str | None) -> float | None:
    """How many nm one of the unit is; None where it is no length: "µm" and "microns" give 1000.

    Raises UserInputError for a name that is not known.
    """
    plain = (unit or "").strip().lower().replace("\\u00b5", "u").replace("µ", "u").replace("μ", "u")
    plain = plain.replace("metre", "meter")
    for name in (plain, plain.removesuffix("s")):
        if name in NO_LENGTH:
            return None
        if name in NANOMETERS:
            return NANOMETERS[name]
    raise UserInputError(
        "unit", unit, "the file names a unit of length not known here", "Set voxel_size and unit"
    )
