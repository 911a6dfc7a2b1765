"""The data folder, CRM_HOME: where everything of one instance lies, and files that only its owner may read."""

import fcntl
import hashlib
import os
import re
import stat
import tempfile
from pathlib import Path

from crm.embedded.account import blocking_folder, service_account
from crm.embedded.messages import EmbeddedError, say

SYSTEM_HOME = Path("/var/lib/dangan")
# sun_path holds 104 to 108 bytes, depending on the system.
LONGEST_SOCKET_PATH = 99
SOCKET_NAME = ".s.PGSQL.5432"


def default_home(checkout: Path) -> Path:
    """`.crm/` in the checkout; for root a system folder when the servers' account cannot get into the checkout."""
    account = service_account(checkout / ".crm")
    if account and blocking_folder(checkout, account):
        return SYSTEM_HOME
    return checkout / ".crm"


class Home:
    """Paths of one data folder. Nothing outside it is ever given another owner or mode."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.account = service_account(self.path)
        self.postgres_data = self.path / "postgres"
        self.redis_data = self.path / "redis"
        self.run = self.path / "run"
        self.log = self.path / "log"
        self.runtime = self.path / "runtime"
        self.env_file = self.path / "env"
        self.key_file = self.path / "keys.json"
        self.logins = self.path / "logins.txt"
        self.sockets = self._socket_folder()

    def _socket_folder(self) -> Path:
        """`run/`, or a short folder under the temp folder when the path is too long or would need URL quoting."""
        length = len(os.fsencode(self.run / SOCKET_NAME))
        if length <= LONGEST_SOCKET_PATH and re.fullmatch(r"[A-Za-z0-9/._-]+", str(self.run)):
            return self.run
        short = Path("/tmp")  # noqa: S108 - fixed, so that a process with another TMPDIR finds the same folder
        base = short if short.is_dir() else Path(tempfile.gettempdir())
        return base / f"dangan-{hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]}"

    def create(self) -> None:
        """Make the folders, private to the servers' account; refuses what that account could not reach or own."""
        blocked = self.account and blocking_folder(self.path.parent, self.account)
        if blocked and self.account:
            raise EmbeddedError(
                f"账号 {self.account.name} 进不了 {blocked}，请把 CRM_HOME 设到它能进入的目录",
                f"account {self.account.name} cannot enter {blocked}: set CRM_HOME to a folder that it can reach",
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for folder in (self.path, self.run, self.log, self.runtime, self.redis_data):
                folder.mkdir(exist_ok=True)
                self.own(folder)
                folder.chmod(0o700)
        except PermissionError as error:
            raise EmbeddedError(
                f"不能写数据目录 {self.path}（属于另一个用户），请换原来的用户启动，或另设 CRM_HOME",
                f"cannot write {error.filename or self.path}: start as the user who owns it, or set another CRM_HOME",
            ) from error
        self._create_socket_folder()
        self._adopt()

    def _create_socket_folder(self) -> None:
        if self.sockets == self.run:
            return
        try:
            self.sockets.mkdir(mode=0o700)
            self.own(self.sockets)
        except FileExistsError:
            status = self.sockets.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != self.owner_uid or status.st_mode & 0o077:
                raise EmbeddedError(
                    f"套接字目录 {self.sockets} 属于别人，请删除它或换一个更短的 CRM_HOME",
                    f"{self.sockets} is not ours: remove it, or set a shorter CRM_HOME",
                ) from None

    @property
    def owner_uid(self) -> int:
        """Who owns the data folder."""
        return self.account.uid if self.account else os.geteuid()

    def own(self, path: Path) -> None:
        """Hand something inside the data folder to the servers' account (does nothing for a plain user)."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)

    def _adopt(self) -> None:
        """Give root's leftovers of an earlier start to the servers' account, the two large trees left out."""
        if not self.account:
            return
        for folder, names, files in os.walk(self.path):
            if Path(folder) == self.path:
                names[:] = [name for name in names if name not in {"postgres", "runtime"}]
            for name in (*names, *files):
                path = Path(folder, name)
                if path.lstat().st_uid == 0:
                    self.own(path)

    def write_private(self, path: Path, text: str) -> None:
        """Replace a file at once, readable by its owner alone."""
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        self.own(draft)
        draft.replace(path)


class InstanceLock:
    """One running instance per data folder. The kernel frees the lock when its holder dies, so it is never stale."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._path = home.path / "lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock or say who has it; a process number left by an instance that died is reported once."""
        if self._descriptor is not None:
            return
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 100).decode().strip()
            os.close(descriptor)
            raise EmbeddedError(
                f"{self._home.path} 已有实例在运行（进程 {holder}），停止它：python -m crm.embedded down",
                f"an instance already runs on {self._home.path} (process {holder}); "
                "stop it with python -m crm.embedded down",
            ) from None
        left = os.read(descriptor, 100).decode().strip()
        if left:
            say(
                f"上次未正常退出（进程 {left} 已不在），旧进程号文件已清理",
                f"the last run ended abruptly (process {left} is gone); its stale pid file was cleared",
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._home.own(self._path)
        self._descriptor = descriptor

    def release(self) -> None:
        """Free the lock and leave no process number behind."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def holder(self) -> int | None:
        """The process number of the running instance, or None."""
        try:
            descriptor = os.open(self._path, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(descriptor, 100).decode().strip()
            return int(text) if text.isdigit() else None
        finally:
            os.close(descriptor)
        return None
