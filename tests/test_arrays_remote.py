"""Images on other computers: read as if they were here, and one sentence where they cannot be."""

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore
import zarr

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.formats import remote_folder
from napari_dacapo.arrays.formats.remote_folder import RemoteFolder
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, write_ome_zarr
from napari_dacapo.errors import UnreachableError, UserInputError

pytestmark = pytest.mark.enable_socket
VOXELS = np.random.default_rng(0).integers(0, 60000, (20, 24, 28), np.uint16)
WORLD: dict[str, Any] = {
    "axes": "zyx",
    "voxel_size": (40.0, 4.0, 4.0),
    "offset": (80.0, 0.0, 8.0),
    "unit": "nm",
}


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, whole, with the header that object stores have."""

    def log_message(self, *_: object) -> None:
        pass

    def end_headers(self) -> None:
        self.send_header("ETag", '"1"')
        super().end_headers()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """Of tmp_path; it gives up soon. What was opened before is forgotten."""
    for cache in (remote_folder.context, remote_folder._opened):
        cache.cache_clear()
    monkeypatch.setattr(remote_folder, "RETRIES", {"max_retries": 1, "initial_delay": "10ms"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def address(server: ThreadingHTTPServer, path: str) -> str:
    return f"http://127.0.0.1:{server.server_port}/{path}"


def everything(array: Array) -> np.ndarray:
    return array.read((0,) * array.dims, array.spatial_shape)


def refused(path: str, **fields: Any) -> str:
    with pytest.raises(UserInputError) as caught:
        File(path=path, **fields).open()
    assert len(str(caught.value)) <= 300
    return str(caught.value)


@pytest.mark.parametrize("ome_version", ["0.4", "0.5"])
def test_an_image_is_what_it_is_here(server: ThreadingHTTPServer, tmp_path: Path, ome_version: Any) -> None:
    write_ome_zarr(
        tmp_path / "cells.zarr", VOXELS, chunks=(8, 8, 8), coarser="mean", ome_version=ome_version, **WORLD
    )
    there, here = File(path=address(server, "cells.zarr/")), File(path=str(tmp_path / "cells.zarr"))
    one, other = there.open(), here.open()
    assert (one.box, one.unit, one.dtype, one.chunks) == (other.box, other.unit, other.dtype, other.chunks)
    np.testing.assert_array_equal(everything(one), VOXELS)
    np.testing.assert_array_equal(one.read((7, 3, 0), (2, 8, 28)), VOXELS[7:9, 3:11])
    assert there.paths() == () and there.missing_chunks() == 0


def test_shards_are_read_where_a_server_gives_whole_files_only(
    server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    sides = {"shape": VOXELS.shape, "chunks": (4, 4, 4), "shards": (8, 8, 8)}
    create_ome_zarr(tmp_path / "cells.zarr", dtype=np.uint16, **sides, **WORLD)[...] = VOXELS  # type: ignore[arg-type]
    np.testing.assert_array_equal(everything(File(path=address(server, "cells.zarr")).open()), VOXELS)


@pytest.mark.parametrize("array", ["raw", "more/labels"])
def test_an_array_in_a_container_is_found_by_its_name(
    server: ThreadingHTTPServer, tmp_path: Path, array: str
) -> None:
    group = zarr.create_group(str(tmp_path / "c.zarr"), zarr_format=2)
    group.create_array(array, shape=(4, 5), dtype=np.uint8, attributes={"resolution": [8, 4]})[...] = 7
    opened = File(path=address(server, "c.zarr"), array=array).open()
    assert opened.voxel_size == (8.0, 4.0) and (everything(opened) == 7).all()
    assert "not in c.zarr" in refused(address(server, "c.zarr"), array="ray")


def test_n5_is_read(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    spec = {
        "driver": "n5",
        "kvstore": {"driver": "file", "path": f"{tmp_path}/v.n5/s0/"},
        "metadata": {"dataType": "uint16", "dimensions": VOXELS.T.shape, "blockSize": [8, 8, 8]},
    }
    tensorstore.open(spec, create=True).result()[...] = VOXELS.T
    opened = File(path=address(server, "v.n5"), array="s0").open()
    np.testing.assert_array_equal(everything(opened), VOXELS)


def test_a_bucket_is_read_without_an_account(
    server: ThreadingHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_ome_zarr(tmp_path / "bucket" / "cells.zarr", VOXELS, **WORLD)
    monkeypatch.setenv("AWS_ENDPOINT_URL", address(server, "").rstrip("/"))
    np.testing.assert_array_equal(everything(File(path="s3://bucket/cells.zarr").open()), VOXELS)


def test_where_there_is_nothing_it_is_told(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    assert "no Zarr and no N5 is at this address" in refused(address(server, "nothing"))
    (tmp_path / "stack.tif").write_bytes(b"II*\0")
    assert "Copy the file to this computer" in refused(address(server, "stack.tif"))


def test_a_server_that_goes_away_is_one_sentence(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    write_ome_zarr(tmp_path / "cells.zarr", VOXELS, chunks=(8, 8, 8), **WORLD)
    opened = File(path=address(server, "cells.zarr")).open()
    server.shutdown()
    server.server_close()
    with pytest.raises(
        UnreachableError, match=r"cells.zarr/0/c/0/0/0 cannot be read: .*what was finished is kept"
    ):
        opened.read((0, 0, 0), (4, 4, 4))
    with pytest.raises(UnreachableError):
        File(path=address(server, "cells.zarr")).open()


def test_a_chunk_that_is_lost_half_is_told_with_its_address(
    server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    write_ome_zarr(tmp_path / "cells.zarr", VOXELS, chunks=(8, 8, 8), **WORLD)
    chunk = tmp_path / "cells.zarr/0/c/0/0/1"
    chunk.write_bytes(chunk.read_bytes()[:40])
    opened = File(path=address(server, "cells.zarr")).open()
    np.testing.assert_array_equal(opened.read((0, 0, 0), (8, 8, 8)), VOXELS[:8, :8, :8])
    with pytest.raises(UserInputError, match=r"c/0/0/1.*chunk \(0, 0, 1\)"):
        opened.read((0, 0, 0), (8, 8, 9))


@pytest.mark.parametrize(("url", "parents"), [("https://a.org/b/c", ["https://a.org/b"]), ("s3://b", [])])
def test_an_address_has_the_folders_of_its_server_above_it(url: str, parents: list[str]) -> None:
    folder = RemoteFolder(url)
    assert [str(parent) for parent in folder.parents] == parents
    assert str(folder / "d" / "e") == f"{url}/d/e" and (folder / "d").parent == folder


def test_nothing_is_written_elsewhere(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    write_ome_zarr(tmp_path / "cells.zarr", VOXELS, **WORLD)
    shutil.copytree(tmp_path / "cells.zarr", tmp_path / "before")
    everything(File(path=address(server, "cells.zarr")).open())
    files = {p.relative_to(tmp_path / "before") for p in (tmp_path / "before").rglob("*")}
    assert files == {p.relative_to(tmp_path / "cells.zarr") for p in (tmp_path / "cells.zarr").rglob("*")}
