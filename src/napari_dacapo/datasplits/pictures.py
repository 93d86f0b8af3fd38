"""Folders of images that are no slices: each with its labels is a dataset of its own."""

from pathlib import Path, PurePath

from napari_dacapo.arrays.file import File
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.tree import in_order
from napari_dacapo.errors import UserInputError

IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".npy")
SEPARATORS = ("_", "-", ".", " ")
MOST = 100  # what a person can look through in a list


def pictures(dataset: Dataset, root: Path) -> tuple[Dataset, ...]:
    """A dataset for each labelled image in the folders, in the order of their names, which are the titles.

    Raw, labels and mask belong together by the name without suffix, to which labels and mask may add a word:
    cell1.png, cell1_masks.tif. Raw without labels is left out. Raises UserInputError for what is no folder of
    images, and for labels that lack their raw or mask.
    """
    sources = {name: getattr(dataset, name) for name in ("raw", "labels", "mask")}
    found = {name: _images(name, source, root) for name, source in sources.items() if source is not None}
    found |= {name: _by_raw(name, found[name], found["raw"]) for name in found if name != "raw"}
    titles = list(found["labels"])
    for other in found:
        _refuse_missing(titles, other, found[other])
    if len(titles) > MOST:
        problem = f"{len(titles)} images are more than the {MOST} that are listed one by one"
        fix = "Sort them into folders train and test, each with raw and labels, and take FolderDatasets"
        raise UserInputError("labels", len(titles), problem, fix)
    return tuple(
        dataset.replace(title=title, **{name: found[name][title] for name in found}) for title in titles
    )


def _images(name: str, source: object, root: Path) -> dict[str, File]:
    """By name without suffix."""
    if not isinstance(source, File) or not (root / source.path).is_dir():
        value = source.path if isinstance(source, File) else type(source).__name__
        raise UserInputError(name, value, "it is no folder", "Choose a folder of images")
    folder = root / source.path
    names = in_order(each.name for each in folder.iterdir() if each.suffix.lower() in IMAGES)
    if not (seen := [each for each in names if not each.startswith(".")]):
        raise UserInputError(name, source.path, "it holds no images", f"Choose one with {', '.join(IMAGES)}")
    return {PurePath(each).stem: source.replace(path=str(Path(source.path) / each)) for each in seen}


def _by_raw(name: str, images: dict[str, File], raw: dict[str, File]) -> dict[str, File]:
    """The same by the names of raw; those that belong to none keep their own."""
    longest = sorted(raw, key=len, reverse=True)
    named: dict[str, File] = {}
    for own, file in images.items():
        owner = own if own in raw else next((each for each in longest if _adds_a_word(own, each)), own)
        if owner in named:
            problem = f"{owner} has another one: {PurePath(named[owner].path).name}"
            raise UserInputError(name, PurePath(file.path).name, problem, "Take one of them away")
        named[owner] = file
    return named


def _adds_a_word(name: str, to: str) -> bool:
    return name.startswith(to) and name[len(to) :][:1] in SEPARATORS


def _refuse_missing(titles: list[str], other: str, found: dict[str, File]) -> None:
    missing = [title for title in titles if title not in found]
    if missing:
        problem = f"{len(missing)} of {len(titles)} have no {other} of the same name"
        fix = f"Name each {other} as its labels, or take those away"
        raise UserInputError("labels", missing[0], problem, fix)
