"""Open a delivered file safely: what kind of thing it is, which encoding, whole or damaged; unzip in memory.

Plain text of customers never goes to a second file: what must be decoded or unzipped lives in anonymous memory, and
everything else is read through the descriptor that was checked, so that a file put in its place is noticed.
"""

import codecs
import csv
import hashlib
import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from lxml import etree

from customers.feeds import workbook
from customers.feeds.messages import FileStopped
from customers.feeds.spec import Spec

BLOCK = 1 << 20
# A bank's text files shrink to a tenth or so; a thousandfold is an attack or an accident.
MOST_COMPRESSION = 200
LONGEST_LINE = BLOCK
MOST_COLUMNS = 1000
# DuckDB reads whole lines as one column whose delimiter must not occur: the first of these that the file does not have.
SEPARATORS = (b"\x1f", b"\x1e", b"\x1d", b"\x1c")
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
TEXT_SUFFIXES = {".csv", ".txt", ".asc", ".dat", ""}

DAMAGED = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error, lzma.LZMAError, ValueError,
    KeyError, etree.Error,
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """A readable UTF-8 text for DuckDB (`path`), and what is known of the delivered file."""

    path: str
    sha256: str
    size: int
    encoding: str
    first_line: str
    separator: str
    is_plain: bool
    lines: int


@contextmanager
def opened(spec: Spec, path: Path, member: str | None = None, name: str = "") -> Iterator[Source]:
    """The file as UTF-8 text for as long as the block runs; raises FileStopped with the reason.

    Leaving the block checks that the file is still the one that was opened. Messages call it by `name`, where it has
    another than the path's.
    """
    name = name or path.name
    descriptor = open_regular(path)
    try:
        before = os.fstat(descriptor)
        if before.st_size == 0:
            raise FileStopped(f"{name} 是空文件", f"{name} is empty")
        digest, text = hashed(descriptor), descriptor
        if is_zip(descriptor):
            with os.fdopen(os.dup(descriptor), "rb") as raw:
                raw.seek(0)
                text = unzipped(raw, name, spec, member)
        elif member is not None:
            raise FileStopped(
                f"{name} 不是压缩包，不能用 --member 指定其中的文件",
                f"{name} is no zip archive: there is no file in it for --member to name",
            )
        try:
            encoding = encoding_of(text, spec, name)
            if encoding != "utf-8":
                decoded = transcoded(text, encoding)
                if text != descriptor:
                    os.close(text)
                text = decoded
            separator, is_plain, lines = check_lines(text, name, spec)
            yield Source(
                f"/proc/self/fd/{text}", digest, before.st_size, encoding, first_line(text), separator, is_plain, lines
            )
        finally:
            if text != descriptor:
                os.close(text)
        check_unchanged(path, name, descriptor, before)
    finally:
        os.close(descriptor)


def open_regular(path: Path) -> int:
    """A descriptor of a regular file; waits for no pipe and opens no folder or device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise FileStopped(f"找不到文件 {path}", f"there is no file {path}") from error
    except OSError as error:
        raise FileStopped(f"打不开 {path}：{error.strerror}", f"cannot open {path}: {error.strerror}") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = ("文件夹", "a folder") if stat.S_ISDIR(mode) else ("设备或管道", "a device or pipe")
        raise FileStopped(f"{path} 是{kind[0]}，不是文件", f"{path} is {kind[1]}, not a file")
    return descriptor


def blocks(descriptor: int) -> Iterator[bytes]:
    os.lseek(descriptor, 0, os.SEEK_SET)
    while block := os.read(descriptor, BLOCK):
        yield block


def hashed(descriptor: int) -> str:
    digest = hashlib.sha256()
    for block in blocks(descriptor):
        digest.update(block)
    return digest.hexdigest()


def check_unchanged(path: Path, name: str, descriptor: int, before: os.stat_result) -> None:
    """Raise FileStopped when the file was written or another one put in its place while it was read."""
    after = os.fstat(descriptor)
    try:
        now = path.stat()
        same = (now.st_ino, now.st_dev) == (before.st_ino, before.st_dev)
    except FileNotFoundError:
        same = False
    if not same or (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise FileStopped(
            f"{name} 在读取过程中被改动或替换，请待文件写完后重新装载",
            f"{name} was changed or replaced while it was read; load it again when it is complete",
        )


def is_zip(descriptor: int) -> bool:
    return os.pread(descriptor, 4, 0) in ZIP_STARTS


def unzipped(raw: IO[bytes], name: str, spec: Spec, member: str | None = None, most: int | None = None) -> int:
    """The one text file of an archive, or the first sheet of a workbook, or about its first `most` bytes, in memory.

    Raises FileStopped for several texts, none, damage or a bomb.
    """
    try:
        with zipfile.ZipFile(raw) as archive:
            if workbook.is_workbook(archive):
                for one in archive.infolist():
                    check_inflation(one.file_size, one.compress_size, name)
                return in_memory(beginning(workbook.lines(archive, name, spec), most))
            info = chosen(archive, name, member)
            check_inflation(info.file_size, info.compress_size, name)
            with archive.open(info) as inside:
                return in_memory(beginning(limited(inside, info, name), most))
    except DAMAGED as error:
        raise FileStopped(f"{name} 压缩包损坏或加密：{error}", f"{name} is damaged or locked: {error}") from error


def beginning(content: Iterator[bytes], most: int | None) -> Iterator[bytes]:
    """Blocks until `most` bytes are there; all of them without a limit."""
    total = 0
    for block in content:
        yield block
        total += len(block)
        if most is not None and total > most:
            return


def chosen(archive: zipfile.ZipFile, name: str, member: str | None) -> zipfile.ZipInfo:
    texts = [
        info for info in archive.infolist() if not info.is_dir() and Path(info.filename).suffix.lower() in TEXT_SUFFIXES
    ]
    if member is not None:
        texts = [info for info in texts if info.filename == member]
    if len(texts) != 1:
        names = ", ".join(info.filename for info in archive.infolist()[:10])
        raise FileStopped(
            f"{name} 内应有且只有一个文本文件（命令行可用 --member 指定），现有：{names}",
            f"{name} must hold exactly one text file (a command names it by --member); it holds: {names}",
        )
    return texts[0]


def check_inflation(size: int, packed: int, name: str) -> None:
    if size > settings.FEED_UPLOAD_MAX_BYTES or (size > BLOCK and size > MOST_COMPRESSION * max(packed, 1)):
        raise FileStopped(
            f"{name} 解压后过大（{size} 字节），疑似压缩炸弹",
            f"{name} would unpack to {size} bytes: refused as a zip bomb",
        )


def limited(inside: IO[bytes], info: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    """Blocks of a member; what the archive says of its size is not believed."""
    total = 0
    while block := inside.read(BLOCK):
        total += len(block)
        check_inflation(total, info.compress_size, name)
        yield block


def in_memory(content: Iterator[bytes]) -> int:
    descriptor = os.memfd_create("feed", os.MFD_CLOEXEC)
    try:
        for block in content:
            os.write(descriptor, block)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def encoding_of(descriptor: int, spec: Spec, name: str) -> str:
    """The first encoding of the specification in which the whole text is valid; raises FileStopped with the line."""
    start = os.pread(descriptor, 4, 0)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileStopped(
            f"{name} 是UTF-16编码，请另存为UTF-8或GB18030", f"{name} is UTF-16; save it as UTF-8 or GB18030"
        )
    where = 0
    for encoding in spec.encodings:
        line = first_bad_line(descriptor, encoding, name)
        if line is None:
            return encoding
        where = max(where, line)
    names = "、".join(spec.encodings)
    raise FileStopped(
        f"{name} 第{where}行不是{names}编码",
        f"{name}, line {where}: the text is not {', '.join(spec.encodings)}",
    )


def first_bad_line(descriptor: int, encoding: str, name: str) -> int | None:
    """The line on which the text stops being valid in an encoding; a NUL byte stops the file whatever the encoding."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    lines = 1
    for block in blocks(descriptor):
        nul = block.find(b"\0")
        if nul >= 0:
            line = lines + block.count(b"\n", 0, nul)
            raise FileStopped(
                f"{name} 第{line}行含有空字节（NUL），文件已损坏",
                f"{name}, line {line}: NUL byte, the file is damaged",
            )
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return lines + block.count(b"\n", 0, max(error.start, 0))
        lines += block.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return lines
    return None


def transcoded(descriptor: int, encoding: str) -> int:
    """The text as UTF-8, in memory."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    return in_memory(decoder.decode(block).encode() for block in blocks(descriptor))


def check_lines(descriptor: int, name: str, spec: Spec) -> tuple[str, bool, int]:
    """A separator that does not occur, whether no value is quoted and every line has as many delimiters as the first,
    by their sum, and the number of lines; raises FileStopped for a line that no bank's file has."""
    head = first_line(descriptor)
    if "\r" in head:  # old line ends, or a broken header: DuckDB and csv would each end the line somewhere else
        raise FileStopped(
            f"{name} 第1行中间有回车符（CR），请以通常的行尾（LF或CRLF）另存",
            f"{name}, line 1 has a carriage return inside; save the file with the usual line ends (LF or CRLF)",
        )
    delimiter, quote = spec.delimiter.encode(), spec.quote.encode()
    lines, length, present, delimiters, quotes = 1, 0, set(), 0, False
    for block in blocks(descriptor):
        present |= {separator for separator in SEPARATORS if separator in block}
        delimiters += block.count(delimiter)
        quotes = quotes or (bool(quote) and quote in block)
        end = block.find(b"\n")
        length += len(block) if end < 0 else end
        if length > LONGEST_LINE:
            raise FileStopped(
                f"{name} 第{lines}行超过{LONGEST_LINE}字节，不是按行分隔的文本",
                f"{name}, line {lines} is longer than {LONGEST_LINE} bytes: not a text of lines",
            )
        if end >= 0:
            lines += block.count(b"\n")
            length = len(block) - block.rfind(b"\n") - 1
    free = [separator for separator in SEPARATORS if separator not in present]
    if not free:
        raise FileStopped(f"{name} 是二进制文件", f"{name} is binary, not text")
    lines -= length == 0
    is_plain = not quotes and delimiters == lines * head.count(spec.delimiter)
    return free[0].decode(), is_plain, lines


def first_line(descriptor: int) -> str:
    line = os.pread(descriptor, LONGEST_LINE + 1, 0).split(b"\n", 1)[0]
    return line.decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\r")


def header_of(source: Source, spec: Spec) -> list[str]:
    """The column names of the first line, as DuckDB can use them; raises FileStopped for too many or too long ones."""
    if source.first_line.count(spec.delimiter) >= MOST_COLUMNS:
        columns = source.first_line.count(spec.delimiter) + 1
        raise FileStopped(
            f"表头有{columns}列，最多{MOST_COLUMNS}列", f"the header has {columns} columns, at most {MOST_COLUMNS}"
        )
    try:
        row = next(csv.reader([source.first_line], delimiter=spec.delimiter, quotechar=spec.quote or None), [])
    except csv.Error as error:  # of one line without CR or NUL, the length is all that csv refuses
        most = csv.field_size_limit()
        raise FileStopped(
            f"表头有一个列名超过{most}个字符，可能缺少引号",
            f"a column name of the header is longer than {most} characters; a quote may be missing",
        ) from error
    # A delimiter at the end of each line makes a column without a name; `line` is the name of the line number.
    return [
        {"": f"column {number}", "line": "line "}.get(name.strip().casefold(), name.strip())
        for number, name in enumerate(row, 1)
    ]
