"""The command line in processes of its own, cheaply: they fork from one that has imported torch already.

`python cli_process.py` reads a request a line, {"words": [...], "log": path, "phase": "saving", "time": 2}
or {"wait": pid}, and answers with a process id or an exit code.
"""

import json
import os
import signal
import subprocess
import sys
import time
from functools import reduce
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

PHASES = {  # module, perhaps a class in it, and what is called in the phase
    "starting": ("napari_dacapo.experiments.training.train", "preflight"),
    "training": ("napari_dacapo.experiments.training.session", "Session", "learn"),
    "saving": ("napari_dacapo.experiments.checkpoints.checkpoints", "Checkpoints", "save"),
    "validation": ("napari_dacapo.tasks.affinities", "Affinities", "segment"),
}
# what a training imports sooner or later; the first optimizer imports torch's compiler
IMPORTED = ("torch._dynamo", "napari_dacapo.experiments.training.train", "napari_dacapo.cli.command")
PATIENCE = 150.0  # seconds a process may need on a busy machine


class Forker:
    """Starts and awaits command lines."""

    def __init__(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def start(self, log: Path, *words: object, phase: str = "", time: int = 1) -> int:
        """The id of a process that runs `napari-dacapo *words`, its output in `log`.

        The first (or second, ...) time it comes to the phase it says so and stays there until `let_go`.
        """
        return self._ask(words=list(map(str, words)), log=str(log), phase=phase, time=time)

    def wait(self, process: int) -> int:
        """Its exit code, negative where a signal ended it."""
        return self._ask(wait=process)

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def _ask(self, **request: Any) -> int:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


def await_phase(log: Path, phase: str) -> None:
    """Until the process of that log is in the middle of it."""
    ends = time.monotonic() + PATIENCE
    while not (log.exists() and f"in {phase}\n" in log.read_text()):
        assert time.monotonic() < ends, log.read_text()
        time.sleep(0.02)


def let_go(log: Path) -> None:
    """The process of that log leaves its phase."""
    log.with_suffix(".go").touch()


def serve() -> None:
    for module in IMPORTED:
        import_module(module)
    described = import_module("napari_dacapo.cli.kinds").described
    for family in ("datasplit", "architecture", "task", "trainer", "run"):
        described(family)  # imports every kind
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
        elif child := os.fork():
            print(child, flush=True)
        else:
            _run(**request)


def _run(words: list[str], log: str, phase: str, time: int) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(file, number)
    for number in (signal.SIGINT, signal.SIGHUP):  # a script's & has this process ignore them
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    if phase:
        _stay_in(phase, time, Path(log).with_suffix(".go"))
    sys.argv = ["napari-dacapo", *words]
    from napari_dacapo.cli import main

    code = 1
    try:
        main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.stdout.flush()
        os._exit(code)


def _stay_in(phase: str, wanted: int, until: Path) -> None:
    module, *kind, verb = PHASES[phase]
    holder = reduce(getattr, kind, import_module(module))
    act = getattr(holder, verb)
    times, forker = count(1), os.getppid()

    def slowly(*arguments: Any, **options: Any) -> Any:
        if next(times) == wanted:
            os.write(2, f"in {phase}\n".encode())
            while not until.exists():
                time.sleep(0.01)
                if os.getppid() != forker:  # the test failed
                    os._exit(1)
        return act(*arguments, **options)

    setattr(holder, verb, slowly)


if __name__ == "__main__":
    serve()
