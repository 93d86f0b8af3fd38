"""The series of losses and scores: appended, read whole, cut where training goes on."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_dacapo.experiments.results.history import History, ValidationRow


@pytest.fixture
def history(tmp_path):
    return History(tmp_path)


def append(history, *iterations):
    for iteration in iterations:
        history.append_iteration(iteration, 1 / iteration, 1e-3, 0.5, 0.125)


def row(iteration, score=0.5, dataset="left", **parameters):
    return ValidationRow(iteration, dataset, parameters, {"voi": score})


def test_nothing_was_measured_in_a_new_folder(history):
    record = history.read()
    assert record.iterations.loss.shape == (0,)
    assert (record.validations, record.unreadable) == ((), 0)


def test_iterations_come_back_as_arrays(history):
    append(history, 1, 2)
    history.append_iteration(3, math.nan, 1e-4, math.inf, 0.0)
    found = history.read().iterations
    assert found.iteration.tolist() == [1, 2, 3]
    assert found.iteration.dtype == np.int64
    np.testing.assert_array_equal(found.loss, [1.0, 0.5, np.nan])
    np.testing.assert_array_equal(found.learning_rate, [1e-3, 1e-3, 1e-4])
    np.testing.assert_array_equal(found.seconds, [0.5, 0.5, np.inf])
    np.testing.assert_array_equal(found.waited, [0.125, 0.125, 0.0])


def test_validations_come_back_with_parameters_of_their_types(history):
    rows = [row(10, threshold=0.5, steps=3, mode="fast", merge=True), row(10, 0.25, dataset="right é\n")]
    history.append_many(rows)
    found = history.read().validations
    assert found == tuple(rows)
    assert [type(value) for value in found[0].parameters.values()] == [float, int, str, bool]


def test_a_score_that_is_no_number_is_kept_as_none_is(history):
    history.append_many([row(10, math.nan), row(10, math.inf, dataset="right")])
    assert b"NaN" not in history.path.read_bytes()
    scores = [found.scores["voi"] for found in history.read().validations]
    assert math.isnan(scores[0])
    assert scores[1] == math.inf


def test_of_an_iteration_validated_twice_the_later_scores_count(history):
    history.append_many([row(10, 0.1), row(20, 0.2)])
    history.append_many([row(10, 0.3)])
    assert [(r.iteration, r.scores["voi"]) for r in history.read().validations] == [(10, 0.3), (20, 0.2)]


@given(cut=st.integers(1, 400))
def test_wherever_a_crash_tears_the_file_all_whole_lines_are_read_and_appended_to(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("torn")
    append(History(folder), 1, 2, 3)
    path = History(folder).path
    path.write_bytes(path.read_bytes()[:-cut])
    whole = path.read_bytes().count(b"\n")
    append(History(folder), 9)
    # a line that lacks nothing but its end is whole, too
    found = History(folder).read().iterations.iteration.tolist()
    assert found in ([*range(1, whole + 1), 9], [*range(1, whole + 2), 9])


def test_scores_of_an_iteration_are_all_there_or_none(history):
    history.append_many([row(10, dataset="left"), row(10, dataset="right")])
    whole = history.path.read_bytes()
    for length in range(len(whole) - 1):
        history.path.write_bytes(whole[:length])
        assert history.read().validations == ()


@pytest.mark.parametrize(
    "line",
    [
        b"\x00\xff",
        b"[]",
        b'{"kind": "other", "iteration": 1}',
        b'{"kind": "iteration", "iteration": 2}',
        b'{"kind": "validation", "iteration": 2, "rows": 3}',
        b",".join([b'{"kind": "validation", "iteration": 1, "rows": []}'] * 2),
    ],
)
def test_a_damaged_line_is_counted_and_the_others_are_read(history, line):
    append(history, 1)
    with history.path.open("ab") as file:
        file.write(line + b"\n")
    append(history, 2)
    record = history.read()
    assert record.iterations.iteration.tolist() == [1, 2]
    assert record.unreadable == 1


@pytest.mark.parametrize("digit", [b"0.5", b"0.001", b'"iteration": 2', b"0.125", b"voi", b"left"])
def test_a_line_with_a_flipped_bit_is_damaged_though_it_reads_well(history, digit):
    append(history, 1, 2)
    history.append_many([row(2)])
    whole, place = history.path.read_bytes(), history.path.read_bytes().rfind(digit) + len(digit) - 1
    history.path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    record = history.read()
    assert record.unreadable == 1
    assert len(record.iterations.iteration) + len(record.validations) == 2
    history.truncate_to(2)
    assert history.path.read_bytes().count(b"\n") == 2


def test_histories_of_before_lines_had_a_checksum_are_read(history):
    append(history, 1)
    line, _ = history.path.read_bytes().split(b', "crc32"')
    history.path.write_bytes(line + b"}\n")
    append(history, 2)
    record = history.read()
    assert (record.iterations.iteration.tolist(), record.unreadable) == ([1, 2], 0)


def test_a_resumed_series_has_no_iteration_twice(history):
    append(history, 1, 2, 3)
    history.append_many([row(2), row(3)])
    resumed = History(history.path.parent)
    resumed.truncate_to(2)
    append(resumed, 3, 4)
    record = resumed.read()
    assert record.iterations.iteration.tolist() == [1, 2, 3, 4]
    assert [found.iteration for found in record.validations] == [2]


def test_truncating_removes_torn_lines(history):
    append(history, 1)
    whole = history.path.read_bytes()
    history.path.write_bytes(whole + b'{"kind": "iter')
    History(history.path.parent).truncate_to(5)
    assert history.path.read_bytes() == whole


def test_truncating_where_nothing_is_to_go_writes_nothing(history):
    append(history, 1, 2)
    before = history.path.stat()
    history.truncate_to(2)
    assert history.path.stat().st_ino == before.st_ino


def test_truncating_a_history_that_is_not_there_makes_none(history):
    history.truncate_to(0)
    assert not history.path.exists()


def test_an_append_neither_reads_nor_rewrites_what_is_there(history):
    append(history, 1)
    unreadable = b"\0" * 100 + b"\n"
    history.path.write_bytes(unreadable)
    before = history.path.stat().st_ino
    append(history, 2)
    assert history.path.stat().st_ino == before
    assert history.path.read_bytes().startswith(unreadable + b"{")
