"""What is logged while the command line works, and from which level on it is shown."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny
from click.testing import CliRunner

from napari_dacapo.blockwise.grid import Block, blocks
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.stage import run_stage
from napari_dacapo.blockwise.workers import Threads
from napari_dacapo.cli.command import cli
from napari_dacapo.experiments.run import Run
from napari_dacapo.store.workspace import Workspace


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    logger = logging.getLogger("napari_dacapo")
    before = logger.handlers, logger.level
    yield
    logger.handlers = before[0]
    logger.setLevel(before[1])


@pytest.mark.parametrize(("level", "is_shown"), [((), False), (("--log-level", "INFO"), True)])
def test_checkpoints_are_logged_on_the_error_stream_from_info_on(
    tmp_path: Path, level: tuple[str, ...], is_shown: bool
) -> None:
    Workspace(tmp_path).store.save(Run, "run", tiny.run(tmp_path, iterations=1))
    words = ["--workspace", str(tmp_path), *level, "train", "run", "--device", "cpu"]
    result = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert result.exit_code == 0
    assert ("INFO Saved iteration 1 in " in result.stderr) == is_shown
    assert "INFO" not in result.stdout


def test_another_level_is_refused() -> None:
    result = CliRunner().invoke(cli, ["--log-level", "loud", "list", "run"])
    assert result.exit_code == 2 and "'debug', 'info', 'warning', 'error', 'critical'" in result.stderr


def test_a_block_that_is_tried_again_is_a_warning_with_its_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tries = []

    def act(block: Block) -> None:
        tries.append(block)
        if len(tries) == 2:
            raise ValueError("chunk 1 is damaged")

    ledger = Ledger.open(tmp_path / "ledger.jsonl", {}, {})
    list(run_stage("predicting", act, blocks((6, 2), (2, 2)), ledger, Threads(1)))
    assert caplog.messages == ["predicting block (2, 0) failed, try 1 of 3: chunk 1 is damaged"]
