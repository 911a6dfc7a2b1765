"""The embedded Valkey (or Redis) server on 127.0.0.1 with a password.

Celery and Django's cache share one REDIS_URL, and only a TCP address is understood by both.
"""

import json
import signal
import socket
import subprocess
import time

from crm.embedded.binaries import Program, find_redis
from crm.embedded.home import Home
from crm.embedded.messages import EmbeddedError, say
from crm.embedded.process import command_line, end, end_stranger, last_line, spawn
from crm.embedded.secret import load_secrets
from crm.embedded.tuning import machine_memory, redis_memory

HOST = "127.0.0.1"
READY_SECONDS = 120.0
STOP_SECONDS = 30.0


def is_port_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


class RedisServer:
    """One server on `home.redis_data`."""

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self._home = home
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._program: Program | None = None
        self._port = 0
        self._port_file = home.run / "redis-port"
        self._config = home.run / "redis.conf"
        self._pid_file = home.run / "redis.pid"
        self.log = home.log / "redis.log"

    @property
    def program(self) -> Program:
        """The server program that is used."""
        if self._program is None:
            self._program = find_redis(self._home)
        return self._program

    @property
    def pid(self) -> int | None:
        """The process number of the running server, or None."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def url(self) -> str:
        """The address with its password; known once the server has been started in this data folder."""
        port = self._port or json.loads(self._port_file.read_text(encoding="ascii"))
        return f"redis://:{load_secrets(self._home)['redis']}@{HOST}:{port}/0"

    def start(self) -> None:
        """Start the server and return when it answers; does nothing when it runs."""
        if self.pid:
            return
        self._clear_leftovers()
        if not self._port:
            self._choose_port()
        self._home.write_private(self._config, self._configuration())
        self._process = spawn(
            [str(self.program.path), str(self._config)],
            log=self.log,
            account=self._home.account,
            env={"LC_ALL": "C"},
            cwd=self._home.redis_data,
        )
        self._wait_ready(self._process)

    def stop(self) -> None:
        """Stop in order: the server writes what it holds, then goes."""
        if self._process:
            end(self._process, signal.SIGTERM, STOP_SECONDS)
            self._process = None

    def kill(self) -> None:
        """SIGKILL, for tests of what a crash costs; `start()` brings it back on the same port."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def poll(self) -> int | None:
        """The exit status once the server has ended, else None."""
        return self._process.poll() if self._process else 0

    def _choose_port(self) -> None:
        """The port of the last start when it is still free, so that REDIS_URL stays the same; else any free one."""
        try:
            known = int(json.loads(self._port_file.read_text(encoding="ascii")))
        except (FileNotFoundError, ValueError):
            known = 0
        if not known or not is_port_free(known):
            with socket.socket() as probe:
                probe.bind((HOST, 0))
                known = probe.getsockname()[1]
            self._home.write_private(self._port_file, json.dumps(known))
        self._port = known

    def _configuration(self) -> str:
        lines = [
            f"bind {HOST}",
            f"port {self._port}",
            f"requirepass {load_secrets(self._home)['redis']}",
            f'dir "{self._home.redis_data}"',
            f'pidfile "{self._pid_file}"',
            "daemonize no",
            # Keeps our configuration file in the process list, by which a leftover server is known as ours.
            "set-proc-title no",
            'save ""',
            f"maxmemory {redis_memory(machine_memory())}",
            # A broker must refuse rather than forget a message.
            "maxmemory-policy noeviction",
        ]
        lines += ["appendonly yes", "appendfsync everysec"] if self._durable else ["appendonly no"]
        return "\n".join(lines) + "\n"

    def _clear_leftovers(self) -> None:
        try:
            pid = int(self._pid_file.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return
        if str(self._config) in command_line(pid):
            say(f"停止上次留下的 Valkey（进程 {pid}）", f"stopping the Valkey left by the last run (process {pid})")
            end_stranger(pid, signal.SIGTERM, STOP_SECONDS)
        self._pid_file.unlink(missing_ok=True)

    def _answers(self) -> bool:
        password = load_secrets(self._home)["redis"]
        try:
            with socket.create_connection((HOST, self._port), timeout=2) as link:
                link.sendall(f"AUTH {password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    block = link.recv(200)
                    if not block:
                        return False
                    answer += block
        except OSError:
            return False
        return b"+PONG" in answer

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                end(process, signal.SIGTERM, 5)
                raise EmbeddedError(
                    f"{self.program.product} 未能启动，详见 {self.log}：{last_line(self.log)}",
                    f"{self.program.product} did not start, see {self.log}",
                )
            time.sleep(0.02)
