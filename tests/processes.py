"""Fairlead in separate processes, without the second of work that each needs to import it.

One process has imported everything, and forks for each one that a test wants: it takes 0.35 s of
processor time until a server answers, instead of 1.25. Starts from scratch are covered by
tests/test_readme.py, tests/test_image.py and every server with several workers.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory
from typing import Final, Protocol

ROOT: Final = Path(__file__).parents[1]
FAIRLEAD: Final = "entrypoints.cli.main:app"
"""A program is a function that reads its arguments from `sys.argv`."""

_forks = get_context("forkserver")
_forks.set_forkserver_preload(
    [
        "entrypoints.cli.main",
        "entrypoints.web",
        "psycopg",
        "uvicorn.main",
        "uvicorn.protocols.http.httptools_impl",
        "uvloop",
    ]
)


class Process(Protocol):
    """A started process: the part of `subprocess.Popen` that tests use."""

    pid: int

    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int, /) -> None: ...
    def kill(self) -> None: ...


def start(
    program: str,
    *words: str,
    output: Path,
    errors: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Process:
    """Start a program in the project's folder.

    Args:
        program: `module:function`.
        words: its arguments.
        output: the file that its standard output is appended to.
        errors: the file that its standard error is appended to, if not the same one.
        environment: its whole environment, if not that of this process.
    """
    environment = dict(os.environ if environment is None else environment)
    if "--workers" not in words:
        forked = _forks.Process(
            target=_run, args=(program, words, environment, output, errors or output)
        )
        forked.start()
        return _Forked(forked)
    module, function = program.split(":")
    code = f"from {module} import {function} as program; program()"
    with output.open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-c", code, *words],
            cwd=ROOT,
            env=environment,
            stdout=said,
            stderr=said,
        )


def fairlead(*words: object) -> "CompletedProcess[str]":
    """Run the `fairlead` command to its end."""
    with TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        said = [str(each) for each in words]
        code = start(FAIRLEAD, *said, output=output, errors=errors).wait(60)
        return CompletedProcess(said, code, output.read_text("utf-8"), errors.read_text("utf-8"))


class _Forked:
    def __init__(self, process: ForkServerProcess) -> None:
        assert process.pid
        self.pid = process.pid
        self._process = process

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        ended = self.returncode
        if ended is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return ended

    def send_signal(self, sig: int, /) -> None:
        if self.returncode is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _run(
    program: str,
    words: Sequence[str],
    environment: Mapping[str, str],
    output: Path,
    errors: Path,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    for file, stream in ((output, 1), (errors, 2)):
        opened = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(opened, stream)
        os.close(opened)
    # If the tests ran as a shell's background job, their child processes would ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    module, function = program.split(":")
    sys.argv = [program, *words]
    getattr(import_module(module), function)()
