"""Records of networks from files: what was stored is read as it was, and its weights are still its own."""

import json
from pathlib import Path

import pytest
import tiny

from napari_dacapo.architectures.architecture import Architecture

SAVED = (
    '{"kind": "SavedNetwork", "path": "net.pt", "trusted": true, "trainable": "head", "fmaps_out": 12, '
    '"input_shape": [92, 92, 92], "lost": [0, 0, 0], "step": [8, 8, 8], "sees": [44, 44, 44], '
    '"upsampling": [1, 1, 1], "eval_shape_increase": [0, 0, 0]}'
)
PACKAGE = (
    '{"kind": "BioimageioModel", "path": "m.zip", "trusted": false, "trainable": "head", '
    '"input_shape": [64, 64, 64], "eval_shape_increase": [0, 0, 0]}'
)


@pytest.mark.parametrize(("stored", "identity"), [(SAVED, "bff93bc9a7af0354"), (PACKAGE, "b5ed1c2fb727eb68")])
def test_a_stored_record_is_read_written_and_hashed_as_ever(
    stored: str, identity: str, tmp_path: Path
) -> None:
    record = Architecture.from_json(json.loads(stored))
    assert json.dumps(record.to_json()) == stored
    assert tiny.run(tmp_path, architecture=record).identity.startswith(identity)
