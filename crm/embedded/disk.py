"""A full disk shows itself in many ways; the operator gets one."""

import errno
import shutil
from pathlib import Path

from crm.embedded.home import Home
from crm.embedded.messages import EmbeddedError

MB = 1 << 20
# Less than a WAL segment; a server that failed on a full disk has often freed a little since.
NOTHING_LEFT = 16 * MB
SIGNS = (b"No space left on device", b"Disk quota exceeded")
FULL = {errno.ENOSPC, errno.EDQUOT}


class DiskWatch:
    """Tells whether a failure since its making came from a full disk."""

    def __init__(self, home: Home) -> None:
        self._folder = home.path
        self._logs = home.log
        self._sizes = {path: path.stat().st_size for path in home.log.glob("*.log")}

    def _new_text(self, log: Path) -> bytes:
        with log.open("rb") as file:
            file.seek(self._sizes.get(log, 0))
            return file.read(MB)

    def _was_full(self, error: Exception) -> bool:
        if isinstance(error, OSError) and (error.errno in FULL or "[Errno 28]" in str(error)):
            return True
        if shutil.disk_usage(self._folder).free < NOTHING_LEFT:
            return True
        return any(sign in self._new_text(log) for log in self._logs.glob("*.log") for sign in SIGNS)

    def explained(self, error: Exception) -> Exception:
        """One clear line when the disk is what was wrong, else the error as it came."""
        if not self._was_full(error):
            return error
        free = shutil.disk_usage(self._folder).free // MB
        return EmbeddedError(
            f"{self._folder} 所在磁盘已满（剩 {free} MB），请腾出空间后再启动，数据没有丢失",
            f"the disk of {self._folder} is full ({free} MB left): make room and start again, no data are lost",
        )
