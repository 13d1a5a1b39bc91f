"""`fairlead import`: every row of a file becomes a contact, or goes to the file of refused rows."""

from entrypoints.cli.importing.columns import source_key
from entrypoints.cli.importing.command import import_

__all__ = ["import_", "source_key"]
