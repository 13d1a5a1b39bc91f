"""Patterns of paths, with one part that Starlette does not have: `{value:text}` is any text."""

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import compile_path

__all__ = ["compile_path"]


class _Text(Convertor[str]):
    """Any text, slashes and line breaks included: `path` ends before a line break."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """Take it as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Give it as it is."""
        return value


register_url_convertor("text", _Text())
