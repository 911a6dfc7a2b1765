"""What the tests of Word templates share: documents with one text or part changed, and what stands in a document."""

import io
import zipfile
from collections.abc import Mapping, Sequence

from docx import Document

from archives.word.shipped import shipped


def with_texts(*texts: str) -> bytes:
    """A document with these paragraphs."""
    document = Document()
    for text in texts:
        document.add_paragraph(text)
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def packed(changed: Mapping[str, bytes], of: bytes | None = None) -> bytes:
    """The shipped template (or `of`) with some parts changed or added."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in {**parts(of or shipped()), **changed}.items():
            package.writestr(name, data)
    return output.getvalue()


def replaced(part: str, old: str, new: str, of: bytes | None = None) -> bytes:
    """The template with a text of a part replaced, which must be there."""
    text = parts(of or shipped())[part].decode()
    assert old in text
    return packed({part: text.replace(old, new, 1).encode()}, of)


def texts(content: bytes) -> list[str]:
    """The paragraphs and, row by row, the cells of a document."""
    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in document.paragraphs] + cells


def marks(content: bytes) -> Sequence[str]:
    """What stands in the header and footer of its first section."""
    section = Document(io.BytesIO(content)).sections[0]
    return ["".join(one.text for one in part.paragraphs) for part in (section.header, section.footer)]
