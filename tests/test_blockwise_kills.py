"""Killed again and again in the middle of blocks, a volume ends as if nothing had happened."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[1] / "benchmarks" / "kills.py"


def test_processes_that_are_killed_lose_no_block_and_write_the_same_bytes() -> None:
    words = [sys.executable, SCRIPT, "--side", "20", "--kills", "12"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["differing"] == [] and told["blocks"] == 64 and told["kills"] >= 6
    assert told["again"] <= told["kills"] * told["at_work"]
