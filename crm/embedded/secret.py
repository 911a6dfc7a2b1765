"""Passwords and keys of one data folder, made once at the first start and kept in files only the owner can read."""

import base64
import json
import secrets

from crm.embedded.home import Home

LOGIN_ROLES = ("crm_owner", "crm_app", "crm_batch", "crm_backup")
SUPERUSER = "postgres"


def load_secrets(home: Home) -> dict[str, str]:
    """Passwords of the database roles and of Valkey, and Django's secret key; missing ones are made and saved."""
    path = home.path / "secrets.json"
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    # token_urlsafe needs no quoting in a URL.
    names = (SUPERUSER, *LOGIN_ROLES, "redis", "secret_key")
    wanted = {name: secrets.token_urlsafe(48 if name == "secret_key" else 24) for name in names}
    if not wanted.keys() <= known.keys():
        known = wanted | known
        home.write_private(path, json.dumps(known, indent=1))
    return known


def new_keys() -> str:
    """A key for field encryption and one for look-ups, made at random, as the key file holds them."""
    key, index_key = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    return json.dumps({"current": "k1", "keys": {"k1": key}, "index_key": index_key})


def make_key_file(home: Home) -> None:
    """The keys of field encryption. Made once and never replaced: without them the encrypted fields are lost."""
    if home.key_file.exists():
        return
    home.write_private(home.key_file, new_keys())
