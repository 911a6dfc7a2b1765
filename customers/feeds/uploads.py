"""Uploaded files between upload and load: sealed on disk block by block, opened only into anonymous memory.

A record is `length (4 bytes), nonce (12), AES-256-GCM text and tag`; the upload's token, the record's number and
whether it is the last are authenticated with it, so that records cannot be exchanged, left out or cut off.
"""

import bisect
import errno
import io
import os
import secrets
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from crm.audit import pii
from customers.feeds.messages import FileStopped

BLOCK = 1 << 20
KEEP_SECONDS = 24 * 3600
TOKEN_BYTES = 16
TAG_BYTES = 16
HEAD_BYTES = 4 + pii.NONCE_BYTES
KEEP_ALIVE_SECONDS = 60


def folder() -> Path:
    path = Path(settings.CRM_HOME) / "uploads"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def sealed_path(token: str) -> Path:
    return folder() / f"{token}.sealed"


def discard(token: str) -> None:
    """Remove the file of an upload that is over."""
    sealed_path(token).unlink(missing_ok=True)


def discard_stale() -> None:
    """Remove what nobody came back to within a day."""
    oldest = time.time() - KEEP_SECONDS
    for path in folder().glob("*.sealed"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def associated(token: str, number: int, *, is_last: bool) -> bytes:
    return f"upload.{token}.{number}.{int(is_last)}".encode()


class SealedFile(UploadedFile):  # type: ignore[type-arg]  # generic in the type stubs alone
    """What the form gets: the token under which the content is kept, never the content.

    Of a file that came whole `problem` is empty; otherwise it is `too_big` or `no_room`, and nothing is kept.
    """

    def __init__(self, token: str, name: str, size: int, problem: str = "") -> None:
        super().__init__(file=None, name=name, content_type="application/octet-stream", size=size)
        self.token, self.problem = token, problem


class SealedUploadHandler(FileUploadHandler):
    """Seals an upload while it arrives, so that its plain text never lies on disk.

    Reads on, without keeping anything, when the file turns out too big or the disk full: a browser shows no answer
    before it has sent everything. `keep_alive` is called now and then while a long upload comes in.
    """

    chunk_size = BLOCK

    def __init__(self, request: HttpRequest | None = None, keep_alive: Callable[[], object] | None = None) -> None:
        super().__init__(request)
        self.keep_alive, self.called_at = keep_alive, time.monotonic()
        self.unclaimed: set[str] = set()
        self.output: IO[bytes] | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.token, self.problem, self.size = secrets.token_hex(TOKEN_BYTES), "", 0
        self.unclaimed.add(self.token)
        ring = pii.key_ring()
        self.cipher, self.number = ring.ciphers[ring.current], 0
        key_id = ring.current.encode()
        descriptor = os.open(sealed_path(self.token), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self.output = os.fdopen(descriptor, "wb", buffering=0)
        self.write(bytes([len(key_id)]) + key_id)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if not raw_data:  # an empty record marks the end
            return
        self.size += len(raw_data)
        if self.size > settings.FEED_UPLOAD_MAX_BYTES:
            self.give_up("too_big")
        self.write_record(raw_data, is_last=False)
        if self.keep_alive is not None and time.monotonic() - self.called_at > KEEP_ALIVE_SECONDS:
            self.called_at = time.monotonic()
            self.keep_alive()

    def write_record(self, content: bytes, *, is_last: bool) -> None:
        if self.output is None:
            return
        nonce = os.urandom(pii.NONCE_BYTES)
        text = self.cipher.encrypt(nonce, content, associated(self.token, self.number, is_last=is_last))
        self.write(struct.pack(">I", len(text)) + nonce + text)
        self.number += 1

    def write(self, content: bytes) -> None:
        left = memoryview(content)
        try:
            while left and self.output is not None:
                left = left[self.output.write(left) :]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self.give_up("no_room")

    def give_up(self, problem: str) -> None:
        """Keep nothing of this file; the first problem is the one that is told."""
        self.problem = self.problem or problem
        self.drop()

    def drop(self) -> None:
        if self.output is not None:
            self.output.close()
            self.output = None
            discard(self.token)

    def file_complete(self, file_size: int) -> SealedFile:
        self.write_record(b"", is_last=True)
        if self.output is not None:
            self.output.close()
            self.output = None
        return SealedFile(self.token, self.file_name or "", file_size, self.problem)

    def upload_interrupted(self) -> None:
        self.drop()

    def claim(self, token: str) -> None:
        """This file is somebody's concern now."""
        self.unclaimed.discard(token)

    def discard_unclaimed(self) -> None:
        """Remove whatever came with the request and was not taken up, whatever became of the request."""
        self.drop()
        for token in self.unclaimed:
            discard(token)


class SealedReader(io.RawIOBase):
    """The plain content of an upload as a file to be read anywhere, one record in memory at a time."""

    def __init__(self, token: str) -> None:
        self.source, self.token = open_sealed(token), token
        self.key = key_of(self.source)
        # Where each record begins in the sealed file and in the plain text; the last one marks the end.
        self.places: list[tuple[int, int]] = [(self.source.tell(), 0)]
        self.at, self.held, self.text = 0, -1, b""
        while head := self.source.read(HEAD_BYTES):
            (length,) = struct.unpack(">I", head[:4])
            start, plain = self.places[-1]
            self.source.seek(length, os.SEEK_CUR)
            self.places.append((start + HEAD_BYTES + length, plain + length - TAG_BYTES))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.places[-1][1]}[whence]
        self.at = max(0, base + offset)
        return self.at

    def readinto(self, buffer: Any) -> int:
        number = bisect.bisect_right(self.places, self.at, key=lambda place: place[1]) - 1
        if number >= len(self.places) - 1:
            return 0
        if number != self.held:
            self.source.seek(self.places[number][0])
            _length, self.text = record(self.source, self.key, self.token, number)
            self.held = number
        part = self.text[self.at - self.places[number][1] :][: len(buffer)]
        buffer[: len(part)] = part
        self.at += len(part)
        return len(part)

    def close(self) -> None:
        self.source.close()
        super().close()


@contextmanager
def unsealed(token: str) -> Iterator[Path]:
    """A path of the plain content, in memory as long as the block runs."""
    descriptor = os.memfd_create("upload", os.MFD_CLOEXEC)
    try:
        with open_sealed(token) as source:
            for content in records(source, token):
                write_all(descriptor, content)
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def open_sealed(token: str) -> IO[bytes]:
    try:
        return sealed_path(token).open("rb")
    except FileNotFoundError as error:
        raise FileStopped("上传的文件已不在，请重新上传", "the uploaded file is gone; upload it again") from error


def write_all(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def key_of(source: IO[bytes]) -> AESGCM | None:
    """The key that the file's first bytes name; None when this installation has it no more."""
    return pii.key_ring().ciphers.get(source.read((source.read(1) or b"\0")[0]).decode("ascii", "replace"))


def record(source: IO[bytes], key: AESGCM | None, token: str, number: int) -> tuple[int, bytes]:
    """Length and content of the record that begins here; an empty one is the last."""
    head = source.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES:
        raise FileStopped("上传的文件不完整，请重新上传", "the uploaded file is not whole; upload it again")
    (length,) = struct.unpack(">I", head[:4])
    try:
        if key is None:
            raise InvalidTag
        is_last = length == TAG_BYTES
        return length, key.decrypt(head[4:], source.read(length), associated(token, number, is_last=is_last))
    except InvalidTag as error:
        raise FileStopped("上传的文件已损坏，请重新上传", "the uploaded file is damaged; upload it again") from error


def records(source: IO[bytes], token: str) -> Iterator[bytes]:
    """The contents of all records; raises FileStopped when one is missing, damaged or not this upload's."""
    key, number = key_of(source), 0
    while True:
        length, content = record(source, key, token, number)
        if length == TAG_BYTES:
            return
        yield content
        number += 1
