"""PostgreSQL settings for this machine. Stock defaults make the night two to three times slower."""

import os
from pathlib import Path

MB = 1 << 20
GB = 1 << 30
# Parallel queries exchange rows through /dev/shm; containers often have 64 MB there, which is too little.
LEAST_SHARED_MEMORY = 256 * MB


def machine_memory() -> int:
    """Bytes of memory that we may use: the machine's, or the container's limit when that is lower."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(limit).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            memory = min(memory, int(text))
    return memory


def shared_memory_free() -> int:
    """Bytes free in /dev/shm; zero where there is none."""
    try:
        status = os.statvfs("/dev/shm")  # noqa: S108 - only measured
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize


def _between(low: int, value: int, high: int) -> str:
    return f"{max(low, min(value, high)) // MB}MB"


def postgres_settings(memory: int, free_disk: int, shared_memory: int, *, durable: bool) -> dict[str, str]:
    """Settings by name. `durable=False` is for tests: faster, and worthless after a power cut."""
    settings = {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "120",
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "shared_preload_libraries": "pg_stat_statements",
        "dynamic_shared_memory_type": "posix" if shared_memory >= LEAST_SHARED_MEMORY else "mmap",
        "jit": "off",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "32",
        "max_parallel_workers_per_gather": "1",
        "max_locks_per_transaction": "256",
        "log_line_prefix": "%m [%p] %u@%d %a ",
        "idle_in_transaction_session_timeout": "15min",
    }
    if not durable:
        return settings | {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "shared_buffers": "128MB",
            "work_mem": "16MB",
            "maintenance_work_mem": "64MB",
            "max_wal_size": "1GB",
        }
    return settings | {
        "shared_buffers": _between(128 * MB, memory // 6, 4 * GB),
        "effective_cache_size": _between(256 * MB, memory * 6 // 10, 64 * GB),
        "work_mem": _between(8 * MB, memory // 192, 128 * MB),
        "maintenance_work_mem": _between(64 * MB, memory // 24, GB),
        # Never more than an eighth of the free disk, so that a long night does not fill a small one with WAL.
        "max_wal_size": _between(GB, min(memory * 2 // 3, free_disk // 8), 16 * GB),
        "checkpoint_timeout": "30min",
        "checkpoint_completion_target": "0.9",
        # Statements and error details carry customer data, which does not belong in a log file.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_checkpoints": "off",
    }


def redis_memory(memory: int) -> int:
    """Bytes that Valkey may hold: queues and a cache, never customer tables."""
    return max(128 * MB, min(memory // 16, GB))
