"""The command as a process of its own: `python -m tests.entrypoints.cli.run import ...`."""

import signal

from entrypoints.cli.main import app

if __name__ == "__main__":
    # Where tests run in the background of a shell, everything below them would ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app()
