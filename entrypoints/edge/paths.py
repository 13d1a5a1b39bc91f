"""Path patterns, with a convertor that Starlette lacks: `{value:text}` matches any text."""

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import compile_path

__all__ = ["compile_path"]


class _Text(Convertor[str]):
    """Any text, slashes and line breaks included; Starlette's `path` ends before a line break."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """Return it unchanged."""
        return value

    def to_string(self, value: str) -> str:
        """Return it unchanged."""
        return value


register_url_convertor("text", _Text())
