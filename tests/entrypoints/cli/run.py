"""The command as a process of its own: `python -m tests.entrypoints.cli.run import ...`."""

from entrypoints.cli.main import app

if __name__ == "__main__":
    app()
