"""How many files and connections a process may have open."""

import resource
from contextlib import suppress


def allow_many() -> None:
    """Let this process open as many as its administrator permits.

    By default it is 1,024, for the sake of programs that use select(2); this one does not. A
    hundred endpoints alone have up to 1,600 connections, and without files neither clients nor
    databases can be connected to.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return
    # Some systems refuse what they have named as the limit.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
