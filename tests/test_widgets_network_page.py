"""What the network's page tells of networks that have to be looked at: beside the window, the newest only."""

from pathlib import Path

import pytest

from napari_dacapo.architectures.bioimageio_model import BioimageioModel
from napari_dacapo.architectures.monai_network import MonaiNetwork
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.components.network_page import LOOKING, NetworkPage


@pytest.fixture
def page(qtbot, tmp_path: Path) -> NetworkPage:
    page = NetworkPage(Workspace(tmp_path))
    qtbot.addWidget(page)
    qtbot.waitUntil(lambda: not page.background.is_busy)
    return page


def test_a_network_of_monai_is_counted_beside_the_window(qtbot, page) -> None:
    pytest.importorskip("monai", reason="the extra monai is not installed")
    network = MonaiNetwork(
        network="AttentionUnet",
        num_fmaps=4,
        downsample_factors=((2, 2),),
        input_shape=(32, 32),
        eval_shape_increase=(0, 0),
        margin=(4, 4),
    )
    page.form.value = network
    page._show_state()
    assert page.said.text() == LOOKING
    qtbot.waitUntil(lambda: page.said.text() != LOOKING, timeout=60_000)
    assert page.said.text().startswith(f"{network.parameter_count(1):,} parameters\nsees ")
    page._show_state()
    assert page.said.text() != LOOKING


def test_why_nothing_can_be_told_of_a_package_is_said(qtbot, page) -> None:
    page.form.value = BioimageioModel(path="nowhere.zip")
    page._show_state()
    qtbot.waitUntil(lambda: page.said.text() != LOOKING, timeout=60_000)
    assert "no such file" in page.said.text()
