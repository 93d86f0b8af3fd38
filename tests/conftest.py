"""How the tests draw examples; what a test of the window must not leave behind."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("nightly", deadline=None, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

os.environ["NAPARI_CONFIG"] = ""  # whoever runs the tests has preferences of napari, which are left alone

WINDOW_FIXTURES = {"qtbot", "make_napari_viewer", "make_napari_viewer_proxy"}


@pytest.fixture(autouse=True)
def leaves_nothing_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Of every test that opens a window; Qt is imported for no other."""
    if WINDOW_FIXTURES.isdisjoint(request.fixturenames):
        yield
        return
    from qt_leaks import QtLeaks

    request.getfixturevalue("qapp")
    gc.freeze()  # what is there stays: to look through all of it after every test takes a third of the time
    leaks = QtLeaks()
    yield
    found = leaks.found()
    leaks.stop()
    assert not found, "\n".join(found)
