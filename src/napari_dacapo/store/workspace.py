"""The folder that holds everything: records, runs, labels."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from napari_dacapo.config import Config
from napari_dacapo.errors import DacapoError, StoreError, UserInputError
from napari_dacapo.files import TEMPORARY, atomic_write, make_folder, raise_if_full, slug
from napari_dacapo.store.names import checked_name, folded
from napari_dacapo.store.store import Store

VARIABLE = "NAPARI_DACAPO_WORKSPACE"
MARKER = "napari-dacapo.json"  # says that the folder is ours
RECORD = "run.json"  # says that the folder is that of a run
MARK = json.dumps({"format": "napari-dacapo workspace", "schema": 1}).encode()


@dataclass(frozen=True)
class Workspace:
    """store.json, runs/<run>/, labels/, applied/ in one folder that can be zipped, moved, opened elsewhere.

    Nothing is created before the store is asked for. Other files may lie beside ours; they are never
    touched. Paths in records are relative to `path`.
    """

    path: Path

    @property
    def store(self) -> Store:
        """Creates the folder on first use. Raises StoreError where it cannot be."""
        if not self.is_ours():
            self._create()
        return Store(self.path / "store.json")

    @property
    def labels_folder(self) -> Path:
        """Where layers drawn in the viewer are saved for training."""
        return self.path / "labels"

    def run_folder(self, name: str) -> Path:
        """Where everything of the run of that name lies; it may not exist yet."""
        return self.path / "runs" / slug(folded(name))

    def is_ours(self) -> bool:
        """Whether the folder has our marker."""
        return (self.path / MARKER).is_file()

    def rename_run(self, family: type[Config], name: str, new_name: str) -> None:
        """Rename the record and its folder. Raises UserInputError where the new name is taken.

        A crash in between leaves the folder renamed only; the same call again completes it.
        """
        old, new = self.run_folder(name), self.run_folder(checked_name(new_name))
        moves = old != new and old.exists()
        if moves and new.exists():
            raise UserInputError("name", new_name, f"{new} holds another run", "Choose another name")
        with self._writing():
            if moves:
                os.replace(old, new)
            try:
                self.store.rename(family, name, new_name)
            except DacapoError:
                if moves:
                    os.replace(new, old)
                raise

    def delete_run(self, name: str) -> None:
        """Delete the folder of that run, if there is one; a link is not followed, nothing else is touched.

        Its record is the store's. Raises UserInputError where the folder is not surely a run of ours.
        """
        folder = self.run_folder(name)
        runs = folder.parent
        if not folder.exists() and not folder.is_symlink():
            return
        if not self.is_ours():
            raise UserInputError(
                "workspace", str(self.path), f"{MARKER} is missing", "Delete the run by hand"
            )
        if folder.is_symlink() or runs.is_symlink() or not folder.is_dir():
            raise UserInputError("run", name, f"{folder} is a link or a file", "Delete it by hand")
        if not (folder / RECORD).is_file():
            raise UserInputError("run", name, f"{folder} holds no {RECORD}", "Delete it by hand")
        with self._writing():
            doomed = runs / f"{TEMPORARY}deleted-{secrets.token_hex(4)}"
            os.replace(folder, doomed)  # gone at once or not at all, whatever happens below
            for rest in runs.glob(f"{TEMPORARY}deleted-*"):
                shutil.rmtree(rest)

    def _create(self) -> None:
        with self._writing():
            make_folder(self.path)
            atomic_write(self.path / MARKER, MARK)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise_if_full(error, self.path, 0)
            cause = f"The workspace {self.path} cannot be written ({error.strerror})"
            raise StoreError(f"{cause}. Choose another folder or make it writable.") from error


def default_workspace() -> Workspace:
    """The folder that $NAPARI_DACAPO_WORKSPACE names, or napari-dacapo in the home folder."""
    named = os.environ.get(VARIABLE)
    return Workspace(Path(named).expanduser() if named else Path.home() / "napari-dacapo")
