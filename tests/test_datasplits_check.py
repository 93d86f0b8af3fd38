"""What is wrong with data is found before a run starts, from a bounded sample."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counting import Counting
from saved import saved

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.normalize import FixedRange, MinMax, Percentile
from napari_dacapo.arrays.step import Normalization
from napari_dacapo.datasplits.check import Report, check
from napari_dacapo.datasplits.dataset import Dataset, OpenDataset
from napari_dacapo.datasplits.ids import Unlabelled

RAW = np.arange(64, dtype=np.uint16).reshape(8, 8)
LABELS = (RAW % 3).astype(np.uint8)


def opened(
    folder: Path,
    raw: Any = RAW,
    labels: Any = LABELS,
    mask: Any = None,
    normalization: Normalization | None = None,
    title: str = "cells",
    unlabelled: Unlabelled = "nothing",
    **grid: Any,
) -> OpenDataset:
    """`grid` is that of the labels."""
    axes = {"axes": "cyx"} if np.ndim(raw) == 3 else {}
    sources: dict[str, Any] = {
        "raw": saved(folder, f"{title}-raw", raw, **axes),
        "labels": saved(folder, f"{title}-labels", labels, **grid),
    }
    if mask is not None:
        sources["mask"] = saved(folder, f"{title}-mask", mask)
    return Dataset(title=title, unlabelled=unlabelled, **sources).open(folder, normalization or Percentile())


def of_one(folder: Path, **changes: Any) -> Report:
    """The report on one dataset that trains, beside a good one that validates."""
    return check((opened(folder, **changes),), (opened(folder, title="good"),))


def test_good_data_have_nothing_to_report(tmp_path: Path) -> None:
    assert of_one(tmp_path) == Report((), ())


def with_one(value: float) -> np.ndarray:
    raw = RAW.astype(np.float32)
    raw[3, 3] = value
    return raw


SATURATED = RAW.astype(np.uint16) * 100  # 0..6300; 255 and more for all but 3 of 64
FIXED = FixedRange(low=0.0, high=255.0)

PROBLEMS = [
    pytest.param(
        {"labels": LABELS.astype(np.int16) - 1}, "cells.labels is -1: .* has a negative id", id="24"
    ),
    pytest.param({"labels": LABELS * 0}, "cells.labels .* 0 of 64 known voxels are labelled", id="28"),
    pytest.param({"mask": LABELS * 0}, "cells.mask .* 0 of 64 voxels are known", id="31"),
    pytest.param(
        {"labels": LABELS, "mask": LABELS == 0}, "0 of 22 known voxels are labelled", id="28 where known"
    ),
    pytest.param({"raw": with_one(np.nan)}, "cells.raw .* 1 of 64 voxels .* NaN", id="33"),
    pytest.param(
        {"raw": with_one(np.nan), "normalization": FIXED}, "cells.raw .* 1 of 64 voxels .* NaN", id="33 fixed"
    ),
    pytest.param({"raw": with_one(np.inf)}, "cells.raw .* 1 of 64 voxels .* infinite", id="34"),
    pytest.param({"raw": RAW * 0}, "cells.raw .* constant 0", id="35"),
    pytest.param({"raw": RAW * 0 + 7, "normalization": FIXED}, "cells.raw .* constant 7", id="35 fixed"),
]

WARNINGS = [
    pytest.param({"labels": LABELS * 0 + 4}, "cells: .* one object 4", id="29"),
    pytest.param({"labels": LABELS * 0 + 4, "unlabelled": "zero"}, "one object 4", id="29 as painted"),
    pytest.param({"raw": SATURATED, "normalization": FIXED}, "from 0 to 6300; 95% are clipped to 1", id="36"),
    pytest.param({"labels": LABELS[:, :4]}, None, id="41 labels of a part"),
    pytest.param(
        {"labels": np.tile(LABELS, (1, 2))}, "labels cover 0..8, 0..16, raw only 0..8, 0..8", id="41"
    ),
    pytest.param(
        {"labels": LABELS[:, :7], "offset": (0.0, 0.25)}, r"labels lie \(0.0, 0.25\) voxels off", id="45"
    ),
    pytest.param({"labels": LABELS[:4, :4], "offset": (3.0, 2.0)}, None, id="45 whole voxels"),
    pytest.param({"mask": LABELS * 100}, None, id="32 any number is a mask"),
    pytest.param({"raw": SATURATED, "normalization": MinMax()}, None, id="36 measured"),
    pytest.param({"raw": (RAW > 9) * 255, "normalization": FIXED}, None, id="36 black and white"),
]


@pytest.mark.parametrize(("changes", "words"), PROBLEMS)
def test_what_cannot_be_trained_on_is_a_problem(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    (problem,) = of_one(tmp_path, **changes).problems
    assert problem.fix and len(str(problem)) <= 300
    assert re.search(words, str(problem)), problem


@pytest.mark.parametrize(("changes", "words"), WARNINGS)
def test_what_is_doubtful_is_a_warning(tmp_path: Path, changes: dict[str, Any], words: str | None) -> None:
    report = of_one(tmp_path, **changes)
    assert report.problems == ()
    assert len(report.warnings) == (0 if words is None else 1)
    assert words is None or re.search(words, report.warnings[0]), report.warnings


def test_row_22_an_image_chosen_as_labels_is_doubted(tmp_path: Path) -> None:
    many = np.arange(300 * 300, dtype=np.uint32).reshape(300, 300)
    report = of_one(tmp_path, raw=many, labels=many)
    assert any("65536 ids" in text for text in report.warnings)


def test_row_75_without_validation_a_warning_says_so(tmp_path: Path) -> None:
    report = check((opened(tmp_path),), ())
    assert report.problems == () and "Nothing validates" in report.warnings[0]


def test_nothing_that_trains_is_a_problem() -> None:
    assert "nothing trains" in str(check((), ()).problems[0])


@pytest.mark.parametrize(
    ("region", "excluded", "share"),
    [
        (Box((0, 0), (8, 8)), None, "100%"),
        (Box((0, 0), (8, 6)), None, "50%"),  # validation is 4..8
        (Box((0, 0), (8, 8)), Box((0, 4), (8, 7)), "25%"),
        (Box((0, 0), (8, 8)), Box((0, 4), (8, 8)), None),
        (Box((0, 0), (8, 4)), None, None),
    ],
)
def test_row_76_validation_that_is_trained_on_is_a_warning_with_its_share(
    tmp_path: Path, region: Box, excluded: Box | None, share: str | None
) -> None:
    dataset = opened(tmp_path)
    training = replace(dataset, region=region, excluded=excluded)
    validation = replace(dataset, region=Box((0, 4), (8, 8)))
    found = [text for text in check((training,), (validation,)).warnings if "trained on" in text]
    assert [text.split()[0] for text in found] == ([share] if share else [])


def test_labels_that_all_lie_in_the_held_out_box_are_a_problem(tmp_path: Path) -> None:
    dataset = opened(tmp_path, labels=np.pad(LABELS[:, 4:] + 1, ((0, 0), (4, 0))))
    held_out = Box((0, 4), (8, 8))
    report = check((replace(dataset, excluded=held_out),), (replace(dataset, region=held_out),))
    assert ["0 of 32 known voxels are labelled" in str(each) for each in report.problems] == [True]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"raw": np.stack([RAW, RAW])}, "have 2 channels"),
        ({"raw": np.stack([RAW, RAW]), "labels": LABELS}, "One network takes one kind of data"),
    ],
)
def test_datasets_one_network_cannot_take_are_a_problem(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    report = check((opened(tmp_path, **changes),), (opened(tmp_path, title="good"),))
    assert any(words in str(each) for each in report.problems)


def test_a_different_voxel_size_is_a_warning(tmp_path: Path) -> None:
    coarse = replace(opened(tmp_path).raw, voxel_size=(2.0, 1.0))
    report = check((opened(tmp_path),), (replace(opened(tmp_path, title="good"), raw=coarse),))
    assert any("Voxel sizes differ: (1.0, 1.0) voxel (cells)" in text for text in report.warnings)


# --- bounded ---


def huge(dtype: str, value: int = 0) -> Array:
    data = np.broadcast_to(np.array(value, dtype), (10**5, 10**5, 10**5))
    return from_numpy(data, "zyx", (1, 1, 1))


def test_volumes_of_any_size_are_looked_at_within_64_mib() -> None:
    raw, labels = Counting(huge("uint8", 3)), Counting(huge("uint64"))
    dataset = OpenDataset(
        title="huge",
        raw=FixedRange().apply(raw.array),
        plain_raw=raw.array,
        labels=labels.array,
        known=None,
        region=labels.plain.box,
        excluded=None,
        weight=1,
        points=(),
    )
    report = check((dataset,), (dataset,))
    assert raw.voxels + 8 * labels.voxels <= 64 * 2**20
    assert any("In a sample: huge.labels" in text for text in report.warnings)
    assert any("constant 3" in str(each) for each in report.problems)
