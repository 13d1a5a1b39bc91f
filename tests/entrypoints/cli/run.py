"""The command in its own process: `python -m tests.entrypoints.cli.run import ...`."""

import signal

from entrypoints.cli.main import app

if __name__ == "__main__":
    # If the tests ran as a shell's background job, their child processes would ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app()
