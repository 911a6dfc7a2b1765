"""System checks: what must hold before a page may be served (`manage.py check --database default`, and at web start).

The floor of access control is in the database, so it is looked at there: which role the web signs in with, and whether
row-level security is forced wherever a row belongs to a branch or a customer.
"""

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, ProgrammingError

from crm import db
from crm.audit import keys as key_fingerprints
from crm.audit import pii

WEB_ALIASES = ("default", "audit")
# Staff belong to a branch too, and everybody may see who works where, and where a tier scheme begins or ends.
NOT_OF_CUSTOMERS = frozenset({"organization_user", "segments_schemebranch"})
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", "testserver"})

KEY_HINT = "Put back the copy of this file, or name another in CRM_KEY_FILE; new keys cannot read the encrypted fields."

ROLE = """
SELECT current_user AS name, rolsuper, rolbypassrls, rolcreaterole, rolreplication,
       (SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid) AS owned,
       ARRAY(SELECT r.rolname::text FROM pg_roles r WHERE r.rolname NOT IN (current_user, 'crm_hq')
             AND pg_has_role(current_user, r.oid, 'SET')) AS becomes,
       (SELECT count(*) FROM pg_auth_members m JOIN pg_roles h ON h.oid = m.roleid
        WHERE h.rolname = 'crm_hq' AND m.member = pg_roles.oid AND m.inherit_option) AS inherits
FROM pg_roles WHERE rolname = current_user
"""
UNGUARDED = """
SELECT DISTINCT c.relname::text AS name FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm')
  AND a.attname IN ('branch_id', 'customer_id') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
ORDER BY 1
"""
LOOSE_VIEWS = """
SELECT c.relname::text AS name FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v' AND c.relname NOT LIKE 'pg\\_%%'
  AND NOT coalesce(c.reloptions @> ARRAY['security_invoker=true'], false)
ORDER BY 1
"""


class UnsafeInstallation(Exception):
    """A check failed: the web does not start."""


@register(Tags.database)
def web_role(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The web signs in with a role that row-level security binds."""
    found: list[CheckMessage] = []
    for alias in set(databases or ()) & set(WEB_ALIASES):
        role = db.fetch_all(ROLE, using=alias)[0]
        faults = [
            ("is a superuser: row-level security does not bind it", role["rolsuper"], "crm.E001"),
            ("has BYPASSRLS: row-level security does not bind it", role["rolbypassrls"], "crm.E002"),
            ("owns tables: it could switch row-level security off", role["owned"], "crm.E003"),
            (f"may become {', '.join(role['becomes'])}", role["becomes"], "crm.E004"),
            ("may create roles or replicate", role["rolcreaterole"] or role["rolreplication"], "crm.E005"),
            ("inherits crm_hq: every branch would be visible at once", role["inherits"], "crm.E006"),
        ]
        hint = "Set the roles up as in crm/embedded/roles.sql and point DATABASE_URL at crm_app."
        found += [
            Error(f"The web's database role {role['name']} ({alias}) {fault}.", hint=hint, id=check_id)
            for fault, is_wrong, check_id in faults
            if is_wrong
        ]
    return found


@register(Tags.database)
def row_security(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Row-level security is forced on every table with rows of a branch or a customer; no view goes round it."""
    if "default" not in (databases or ()):
        return []
    tables = [row["name"] for row in db.fetch_all(UNGUARDED, using="default") if row["name"] not in NOT_OF_CUSTOMERS]
    views = [row["name"] for row in db.fetch_all(LOOSE_VIEWS, using="default")]
    found: list[CheckMessage] = [
        Error(
            f"Row-level security is not forced on {name}.",
            hint="Add crm.db.guard_by_branch or guard_from_web to a migration.",
            id="crm.E010",
        )
        for name in tables
    ]
    found += [
        Error(f"The view {name} reads with its owner's rights.", hint="WITH (security_invoker = true)", id="crm.E011")
        for name in views
    ]
    return found


@register(Tags.security)
def keys(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The keys of field encryption can be read, and only by their owner."""
    try:
        pii.key_ring()
    except pii.KeyFileError as error:
        return [Error(f"The key file cannot be used: {error}", hint=KEY_HINT, id="crm.E020")]
    return []


@register(Tags.database)
def key_file_of_database(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The key file is the one that the database's values were encrypted with."""
    if "default" not in (databases or ()):
        return []
    try:
        key_fingerprints.check()
    except key_fingerprints.WrongKeys as error:
        return [Error(str(error), hint="Setting CRM_KEY_FILE.", id="crm.E022")]
    except (pii.KeyFileError, ProgrammingError):
        return []  # E020 says so, or the migrations have not run yet
    return []


@register(Tags.security)
def debug(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Error pages with variables in them are for a developer's own machine."""
    if settings.DEBUG and not set(settings.ALLOWED_HOSTS) <= LOCAL_HOSTS:
        return [Error("DEBUG is on and other machines may connect.", hint="Unset DEBUG.", id="crm.E021")]
    return []


def refuse_to_serve_unsafely() -> None:
    """Raise UnsafeInstallation with every finding; called once when a web process starts.

    A database that cannot be reached is no finding: readyz says so, and the process serves again once it is back.
    """
    try:
        databases = list(WEB_ALIASES)
        found = [*web_role(databases=databases), *row_security(databases=databases), *keys(), *debug()]
        found += key_file_of_database(databases=databases)
    except OperationalError:
        return
    if found:
        raise UnsafeInstallation("; ".join(str(message) for message in found))
