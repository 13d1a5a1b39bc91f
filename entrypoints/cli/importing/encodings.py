"""Which encoding a text is in: named, given by its first bytes, or recognised by its content."""

import codecs
import re
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

# In this order: the mark of UTF-32 begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BY_DEFAULT: Final = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}
_UNREAD: Final = re.compile("[\ud800-\udfff]")
_BROKEN: Final = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII: Final = re.compile("[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How bytes stand for text.

    Attributes:
        codec: Python's name for it, without a byte order mark.
        width: bytes of a line break: 1, or 2 or 4 in UTF-16 and UTF-32.
    """

    codec: str
    width: Literal[1, 2, 4] = 1

    def decode(self, raw: bytes) -> str:
        """Return the text; a byte that cannot be read becomes half of a surrogate pair."""
        try:
            return raw.decode(self.codec)
        except UnicodeDecodeError:
            if self.width == 1:
                return raw.decode(self.codec, "surrogateescape")
            return raw.decode(self.codec, "replace").replace("\ufffd", "\udcff")

    def encode(self, text: str) -> bytes:
        """Return the bytes; `?` stands for what the encoding lacks."""
        return text.encode(self.codec, "replace")

    def same(self, text: str) -> bytes:
        """Return the bytes that `text` was decoded from."""
        return text.encode(self.codec, "surrogateescape" if self.width == 1 else "surrogatepass")


UTF_8: Final = Encoding("utf-8")


def unread(text: str) -> bool:
    """Tell whether some of the text's bytes could not be read."""
    return not text.isascii() and _UNREAD.search(text) is not None


def named(name: str) -> Encoding:
    """Return the encoding that a person names.

    Raises:
        ValueError: there is none of that name, or its line breaks cannot be told from its text.
    """
    try:
        codec = codecs.lookup(name).name
        codec = _BY_DEFAULT.get(codec, codec)
        if codec.startswith(("utf-16", "utf-32")):
            return Encoding(codec, 2 if "16" in codec else 4)
        # Lines, delimiters and quotes are looked for as their ASCII bytes.
        plain = "\r\n\t \"'+,;|{}[]:09AZaz"
        if plain.encode(codec) == plain.encode("ascii"):
            return Encoding(codec)
    except (LookupError, UnicodeError, ValueError):
        pass
    raise ValueError(
        f"--encoding {name}: no such encoding can be read; utf-8, utf-16, cp1251, cp866, koi8-r "
        "and cp1252 are some that can."
    )


class Mark(NamedTuple):
    """The byte order mark that a text begins with.

    Attributes:
        encoding: the one that it tells; None if nothing does.
        once: its bytes; empty if there is no mark.
        length: of all marks at the beginning: some programs add theirs before another's.
    """

    encoding: Encoding | None
    once: bytes = b""
    length: int = 0


def marked(head: bytes) -> Mark:
    """Read the byte order mark of a text, or another sign of UTF-16."""
    for mark, codec in _MARKS:
        if head.startswith(mark):
            length = len(mark)
            while head.startswith(mark, length):
                length += len(mark)
            return Mark(named(codec), mark, length)
    return Mark(_unmarked_utf_16(head))


def _unmarked_utf_16(head: bytes) -> Encoding | None:
    """Recognise UTF-16 by its zeros and its content: other texts read as Chinese in UTF-16."""
    head = head[:4096]
    for codec in ("utf-16-le", "utf-16-be") if 0 in head else ():
        text = head.decode(codec, "replace").rstrip("\ufffd")
        usual = sum(each < "\u0600" for each in text)
        if text and "\0" not in text and usual * 10 >= len(text) * 9:
            return Encoding(codec, 2)
    return None


def recognised(piece: bytes) -> Encoding | None:
    """Recognise UTF-8 or Windows Cyrillic from a piece of text; None if neither is certain."""
    # The last character of a piece may be cut in two.
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(piece)
    broken = len(_BROKEN.findall(text))
    sound = len(_BEYOND_ASCII.findall(text)) - broken
    if sound and sound >= broken:
        return UTF_8
    if broken and _reads_as_russian(piece.decode("cp1251", "replace")):
        return Encoding("cp1251")
    return None


_CYRILLIC: Final = "А-Яа-яЁёІіЇїЄєҐґЎў"
_WORDS: Final = re.compile(f"[A-Za-z{_CYRILLIC}]+")
# A name in KOI8-R, read as Windows Cyrillic, ends in upper case.
_NATURAL: Final = re.compile("(?:[А-ЯЁІЇЄҐЎ]{0,2}[а-яёіїєґў]++)++|[А-ЯЁІЇЄҐЎ]++")
_ODD: Final = re.compile(f"[^\x00-\x7f{_CYRILLIC}№«»“”„‘’–—…•·°±§©®™€\xa0]")  # noqa: RUF001


def _reads_as_russian(text: str) -> bool:
    """Tell whether a text makes sense: words of one script, in natural case, hardly any symbols."""
    if len(_ODD.findall(text)) * 50 > len(_BEYOND_ASCII.findall(text)):
        return False
    words = [each for each in _WORDS.findall(text) if not each.isascii()]
    natural = [each for each in words if _NATURAL.fullmatch(each)]
    return any(len(each) > 1 for each in natural) and len(natural) * 3 >= len(words) * 2
