"""Parts of documents that are made from the code."""

from typing import Final

_BEGIN: Final = "<!-- made by `make docs` -->\n"
_END: Final = "<!-- end -->\n"


def with_generated(document: str, text: str) -> str:
    """Return a document with a text between the two comments that mark its place."""
    before, _, rest = document.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{text}\n{_END}{after}"
