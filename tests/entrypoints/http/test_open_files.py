"""A service with many endpoints has many connections."""

import resource

from entrypoints.edge.open_files import allow_many


def test_a_process_may_open_as_many_files_as_its_administrator_permits() -> None:
    soft, hard = before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))
        allow_many()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
