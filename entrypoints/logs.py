"""The format of the service's log: lines for people, or one JSON object a line for programs.

No personal data reaches the log. The message of an exception can hold any value that the code was
handling, and the address of a call can hold an identity, or a whole key that somebody put in the
wrong place. So only the type and the traceback of an exception are written, and only the route
template of an address.
"""

import json
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import unquote

from entrypoints.edge.access import template_of
from entrypoints.edge.request_ids import request_id

_OWN: Final = ("adapters", "application", "domain", "entrypoints", "uvicorn")
_ACCESS: Final = "uvicorn.access"


class LogFormat(StrEnum):
    """How the log is written."""

    JSON = "json"
    TEXT = "text"


class _Formatter(logging.Formatter):
    """Knows the service's root path, to tell which route was called.

    Args:
        root: the path that the service is served under on its host.
    """

    def __init__(self, root: str = "") -> None:
        super().__init__()
        self._root = root

    def _message(self, record: logging.LogRecord) -> str:
        if record.name == _ACCESS and isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, address, version, status = record.args
            path = unquote(str(address).partition("?")[0]).removeprefix(self._root)
            return f'{client} - "{method} {template_of(path)} HTTP/{version}" {status}'
        return record.getMessage().strip()


class JsonFormatter(_Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._message(record),
            "request_id": request_id.get(),
        }
        error = _error(record)
        if error is not None:
            line["exception"] = _name(error)
            line["traceback"] = "".join(_trace(error))
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(_Formatter):
    """Writes a record as a line, with its exception below."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line or lines."""
        request = request_id.get()
        line = f"{_time(record)} {record.levelname.lower()} {record.name}: {self._message(record)}"
        if request is not None:
            line += f" ({request})"
        error = _error(record)
        return line if error is None else f"{line}\n{''.join(_trace(error)).rstrip()}"


def log_config(kind: LogFormat, root: str = "") -> dict[str, Any]:
    """Return the configuration of `logging`, for this process and for workers that it starts.

    Args:
        kind: how the log is written.
        root: the path that the service is served under on its host.
    """
    formatter = JsonFormatter if kind is LogFormat.JSON else TextFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"{__name__}.{formatter.__name__}", "root": root}},
        "handlers": {"line": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["line"], "level": "WARNING"},
        "loggers": {name: {"level": "INFO"} for name in _OWN},
    }


def line_of(message: str, logger: str) -> str:
    """Return a line of JSON for a message from before the log is set up."""
    return JsonFormatter().format(
        logging.makeLogRecord({"name": logger, "levelname": "INFO", "msg": message})
    )


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _error(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def _name(error: BaseException) -> str:
    kind = type(error)
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")


def _trace(error: BaseException) -> Iterator[str]:
    """Yield the traceback of an exception, after those of its causes."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or (
            None if following.__suppress_context__ else following.__context__
        )
    for each in reversed(chain):
        yield from traceback.format_tb(each.__traceback__)
        yield f"{_name(each)}\n"
        if isinstance(each, BaseExceptionGroup):
            for one in each.exceptions:
                yield from _trace(one)
