"""Uploaded files between upload and load: sealed on disk block by block, opened only into anonymous memory.

A record is `length (4 bytes), nonce (12), AES-256-GCM text and tag`; the upload's token, the record's number and
whether it is the last are authenticated with it, so that records cannot be exchanged, left out or cut off.
"""

import os
import secrets
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from crm.audit import pii
from customers.feeds.messages import FileStopped

BLOCK = 1 << 20
KEEP_SECONDS = 24 * 3600
TOKEN_BYTES = 16


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
    """What the form gets: the token under which the content is kept, never the content."""

    def __init__(self, token: str, name: str, size: int) -> None:
        super().__init__(file=None, name=name, content_type="application/octet-stream", size=size)
        self.token = token


class SealedUploadHandler(FileUploadHandler):
    """Seals an upload while it arrives, so that its plain text never lies on disk."""

    chunk_size = BLOCK

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.token = secrets.token_hex(TOKEN_BYTES)
        ring = pii.key_ring()
        self.cipher, self.number = ring.ciphers[ring.current], 0
        key_id = ring.current.encode()
        descriptor = os.open(sealed_path(self.token), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self.output = os.fdopen(descriptor, "wb")
        self.output.write(bytes([len(key_id)]) + key_id)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.write_record(raw_data, is_last=False)

    def write_record(self, content: bytes, *, is_last: bool) -> None:
        nonce = os.urandom(pii.NONCE_BYTES)
        text = self.cipher.encrypt(nonce, content, associated(self.token, self.number, is_last=is_last))
        self.output.write(struct.pack(">I", len(text)) + nonce + text)
        self.number += 1

    def file_complete(self, file_size: int) -> SealedFile:
        self.write_record(b"", is_last=True)
        self.output.close()
        return SealedFile(self.token, self.file_name or "", file_size)

    def upload_interrupted(self) -> None:
        output = getattr(self, "output", None)
        if output is not None:
            output.close()
            discard(self.token)


@contextmanager
def unsealed(token: str, most: int | None = None) -> Iterator[tuple[Path, bool]]:
    """A path of the plain content, in memory as long as the block runs, and whether it is whole.

    With `most` only whole lines of about the first so many bytes are there.
    """
    try:
        source = sealed_path(token).open("rb")
    except FileNotFoundError as error:
        raise FileStopped("上传的文件已不在，请重新上传", "the uploaded file is gone; upload it again") from error
    descriptor = os.memfd_create("upload", os.MFD_CLOEXEC)
    try:
        with source:
            size = 0
            for content in records(source, token):
                os.write(descriptor, content)
                size += len(content)
                if most is not None and size > most:
                    break
        is_whole = most is None or size <= most
        if not is_whole:
            os.ftruncate(descriptor, last_line_end(descriptor, size))
        yield Path(f"/proc/self/fd/{descriptor}"), is_whole
    finally:
        os.close(descriptor)


def records(source: IO[bytes], token: str) -> Iterator[bytes]:
    """The contents of all records; raises FileStopped when one is missing, damaged or not this upload's."""
    key = pii.key_ring().ciphers.get(source.read(source.read(1)[0]).decode("ascii", "replace"))
    number = 0
    while head := source.read(4 + pii.NONCE_BYTES):
        (length,), nonce, text = struct.unpack(">I", head[:4]), head[4:], b""
        text = source.read(length)
        is_last = length == 16
        try:
            if key is None:
                raise InvalidTag
            yield key.decrypt(nonce, text, associated(token, number, is_last=is_last))
        except InvalidTag as error:
            raise FileStopped(
                "上传的文件已损坏，请重新上传", "the uploaded file is damaged; upload it again"
            ) from error
        if is_last:
            return
        number += 1
    raise FileStopped("上传的文件不完整，请重新上传", "the uploaded file is not whole; upload it again")


def last_line_end(descriptor: int, size: int) -> int:
    start = max(0, size - BLOCK)
    tail = os.pread(descriptor, size - start, start)
    end = tail.rfind(b"\n")
    return start + end + 1 if end >= 0 else size
