"""`python -m crm.embedded up | down | check | services | psql | backup | restore | keys`: see `--help`."""

import argparse
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from crm.embedded.dump import client, dump, restore
from crm.embedded.home import Home, InstanceLock
from crm.embedded.messages import EmbeddedError, say
from crm.embedded.process import is_alive
from crm.embedded.secret import new_keys
from crm.embedded.services import Services
from crm.embedded.start import REFUSED, check_port, chosen_home, chosen_port, up
from crm.embedded.supervisor import StopRequest

CHECKOUT = Path(__file__).resolve().parent.parent.parent
DOWN_SECONDS = 240.0


def start_all(arguments: argparse.Namespace) -> int:
    """Services, one-off commands, web, worker and beat."""
    return up(CHECKOUT)


def stop_running(arguments: argparse.Namespace) -> int:
    """Ask the running instance of this data folder to stop, and wait until it has."""
    lock = InstanceLock(Home(chosen_home(CHECKOUT)))
    pid = lock.holder()
    if pid is None:
        say("没有在运行的实例", "no instance is running")
        return 0
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_SECONDS
    while lock.holder() == pid and is_alive(pid):
        if time.monotonic() > deadline:
            raise EmbeddedError(f"进程 {pid} 仍未停止", f"process {pid} has not stopped yet")
        time.sleep(0.1)
    say("已停止", "stopped")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Tell whether a start would succeed, and with which programs; starts nothing."""
    services = Services(chosen_home(CHECKOUT))
    services.prepare()
    try:
        check_port(chosen_port())
        if not services.uses_outside_postgres:
            program = services.postgres.program
            print(f"  {program.product} {program.version}  {program.origin}")
        if not services.uses_outside_redis:
            program = services.redis.program
            print(f"  {program.product} {program.version}  {program.origin}")
        account = services.home.account
        print(f"  CRM_HOME {services.home.path}" + (f"  ({account.name})" if account else ""))
    finally:
        services.lock.release()
    say("可以启动", "ready to start")
    return 0


def run_services(arguments: argparse.Namespace) -> int:
    """Only PostgreSQL and Valkey, in the foreground, with the environment printed for a developer's shell."""
    stop = StopRequest()
    stop.listen()
    services = Services(chosen_home(CHECKOUT))
    environment = services.start()
    try:
        for name, value in environment.items():
            print(f"export {name}={shlex.quote(value)}")
        say("Ctrl-C 停止", "Ctrl-C stops them")
        while not stop.wait(1):
            if services.postgres.poll() is not None and not services.uses_outside_postgres:
                services.postgres.start()
            if services.redis.poll() is not None and not services.uses_outside_redis:
                services.redis.start()
    finally:
        services.stop()
    return 0


def psql(arguments: argparse.Namespace) -> int:
    """A psql session as one of the product's roles; further arguments go to psql."""
    name = {"app": "DATABASE_URL"}.get(arguments.role, f"DATABASE_{arguments.role.upper()}_URL")
    server, env = client(Home(chosen_home(CHECKOUT)), name)
    os.execve(server.tool("psql"), ["psql", *arguments.rest], env)  # noqa: S606 - replaces this process


def backup(arguments: argparse.Namespace) -> int:
    """Dump the database with pg_dump. Keys are not in it: keep keys.json elsewhere, encrypted fields need it."""
    home = Home(chosen_home(CHECKOUT))
    target = dump(home, Path(arguments.file) if arguments.file else None)
    say(f"已备份到 {target}；密钥 {home.key_file} 须另行保管", f"saved as {target}; keep {home.key_file} elsewhere")
    return 0


def restore_dump(arguments: argparse.Namespace) -> int:
    """Load a dump into the empty database of running services."""
    restore(Home(chosen_home(CHECKOUT)), Path(arguments.file))
    say("已恢复，可以 make start", "restored: make start")
    return 0


def keys(arguments: argparse.Namespace) -> int:
    """Print the content of a new key file for field encryption. Whoever loses it loses the encrypted fields."""
    print(new_keys())
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "up": start_all,
    "down": stop_running,
    "check": check,
    "services": run_services,
    "psql": psql,
    "backup": backup,
    "restore": restore_dump,
    "keys": keys,
}


def psql_arguments(words: list[str]) -> tuple[list[str], list[str]]:
    """The words of a command line that are ours, and what stands behind `psql [--role X]` for psql itself."""
    if words[:1] != ["psql"]:
        return words, []
    first = words[1] if len(words) > 1 else ""
    ours = 3 if first == "--role" else 2 if first.startswith("--role=") or first in ("-h", "--help") else 1
    return words[:ours], words[ours:]


def main() -> int:
    """Parse the command line; an error that the operator can put right is one line and exit status 2."""
    parser = argparse.ArgumentParser(prog="python -m crm.embedded")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in COMMANDS.items():
        command = commands.add_parser(name, help=(function.__doc__ or "").partition(".")[0])
        if name == "psql":
            command.add_argument("--role", choices=["owner", "app", "batch", "backup"], default="owner")
        if name in {"backup", "restore"}:
            command.add_argument("file", nargs="?" if name == "backup" else None, help="in pg_dump's custom format")
    ours, rest = psql_arguments(sys.argv[1:])
    arguments = parser.parse_args(ours)
    arguments.rest = rest
    try:
        return COMMANDS[arguments.command](arguments)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return REFUSED


if __name__ == "__main__":
    sys.exit(main())
