"""Workbooks for tests, written by hand: the tests depend on what exactly a sheet's XML holds."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def rows(*cells: tuple[str | float | None, ...], first: int = 1) -> str:
    """Return rows as XML: texts, numbers and missing cells."""
    return "".join(
        f'<row r="{at}">{"".join(_cell(at, place, each) for place, each in enumerate(row))}</row>'
        for at, row in enumerate(cells, first)
    )


def _cell(row: int, column: int, value: str | float | None) -> str:
    if value is None:
        return ""
    place = f"{chr(65 + column)}{row}"
    if isinstance(value, str):
        text = escape(value)
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>'


def write(path: Path, sheets: Mapping[str, str], hidden: str | None = None) -> Path:
    """Write a workbook with these sheets, given as rows by sheet name."""
    listed, related = "", ""
    for at, name in enumerate(sheets, 1):
        state = ' state="hidden"' if name == hidden else ""
        listed += f'<sheet name="{name}" sheetId="{at}" r:id="rId{at}"{state}/>'
        related += (
            f'<Relationship Id="rId{at}" Type="{_OFFICE}/worksheet" '
            f'Target="worksheets/sheet{at}.xml"/>'
        )
    related += f'<Relationship Id="styles" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    relationships = f'<Relationships xmlns="{_PACKAGE}/relationships">'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(
            "_rels/.rels",
            f'{_HEAD}{relationships}<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        parts.writestr(
            "xl/workbook.xml",
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets>'
            "</workbook>",
        )
        parts.writestr(
            "xl/_rels/workbook.xml.rels", f"{_HEAD}{relationships}{related}</Relationships>"
        )
        # The second style is a date, the third a date with its time.
        parts.writestr(
            "xl/styles.xml",
            f'{_HEAD}<styleSheet xmlns="{_MAIN}"><cellXfs count="3"><xf numFmtId="0"/>'
            '<xf numFmtId="14"/><xf numFmtId="22"/></cellXfs></styleSheet>',
        )
        for at, content in enumerate(sheets.values(), 1):
            parts.writestr(
                f"xl/worksheets/sheet{at}.xml",
                f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{content}</sheetData></worksheet>',
            )
    return path
