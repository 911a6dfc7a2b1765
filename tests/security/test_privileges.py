"""What the web's roles may do to each table: no more than the product does. A new table must be decided upon here."""

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from crm import db
from tests.services import ROOT, TEMPLATE, URLS

pytestmark = pytest.mark.security
# PostgreSQL's letters: r SELECT, a INSERT, w UPDATE, d DELETE. Never D TRUNCATE, x REFERENCES, t TRIGGER or m MAINTAIN.
TABLES = {
    "archives_calendarfeed": "ardw",
    "archives_agerule": "arw",
    "archives_archive": "arw",
    "archives_archivefield": "arw",
    "archives_archivemeasure": "ar",
    "archives_archivetemplate": "ar",  # and that it is in force: tests/word
    "archives_archivevalue": "ar",  # and when it was replaced
    "archives_cappedplan": "",
    "archives_complaint": "ar",  # and what is done about it: tests/archives
    "archives_complaintstep": "ar",
    "archives_complaintterm": "rw",
    "archives_contactcap": "arw",
    "archives_contactday": "r",
    "archives_contactfinding": "r",
    "archives_contactlog": "arw",
    "archives_contactmark": "r",
    "archives_contactqualityrule": "arw",
    "archives_contactverdict": "ar",
    "archives_counted_contact": "r",
    "archives_consent": "ar",
    "archives_contactrule": "arw",
    "archives_decided_type": "r",
    "archives_examday": "arw",
    "archives_gift": "ar",
    "archives_giftlimit": "arw",
    "archives_giftstep": "ar",
    "archives_inspection": "ar",
    "archives_inspectioncriterion": "arw",
    "archives_inspectiondraw": "ar",
    "archives_inspectionrule": "arw",
    "archives_inspectionstep": "ar",
    "archives_lunarmonth": "r",
    "archives_maintenanceplan": "arw",
    "archives_maintenancetemplate": "arw",
    "archives_planstep": "arw",
    "archives_open_complaint": "r",
    "archives_plantype": "arw",
    "archives_retirementrule": "arw",
    "archives_riskassessment": "ar",
    "archives_risklimit": "rw",
    "archives_standing_consent": "r",
    "archives_touch": "r",
    "archives_staleafter": "arw",
    "archives_survey": "ar",  # and the plan that follows a low answer
    "archives_surveyrule": "arw",
    "audit_auditentry": "r",  # appended by a function
    "campaigns_campaign": "arw",
    "campaigns_campaigncell": "r",
    "campaigns_campaignday": "r",
    "campaigns_campaignexclusion": "r",
    "campaigns_campaignmember": "r",  # and what came of a contact
    "campaigns_campaignscript": "arw",
    "campaigns_campaignstratum": "r",
    "campaigns_campaigntemplate": "r",
    "audit_audithead": "",
    "audit_keyfingerprint": "r",
    "auth_group": "r",
    "auth_group_permissions": "r",
    "auth_permission": "r",
    "axes_accessattempt": "ardw",
    "axes_accessattemptexpiration": "rd",
    "axes_accessfailurelog": "r",
    "axes_accesslog": "arw",
    "campaigns_entitlement": "arw",
    "campaigns_entitlementterm": "arw",
    "campaigns_ledgerbalance": "r",  # counted by a trigger
    "campaigns_ledgerentry": "ar",
    "campaigns_lobbyrule": "arw",
    "campaigns_pointsrequest": "ar",  # and what is decided
    "campaigns_pointsrule": "arw",
    "campaigns_lobbyshift": "ar",  # and that it is taken over
    "campaigns_presence": "arw",
    "campaigns_prospect": "ar",  # and how far it has come, never that an account is there: tests/campaigns
    "campaigns_prospectstep": "ar",  # and notes are erased with a prospect who is forgotten: tests/campaigns
    "campaigns_referral": "ar",  # and what becomes of it
    "campaigns_maturity": "r",
    "campaigns_retentionfigure": "r",
    "campaigns_propensitymodel": "ar",  # and what is decided: tests/campaigns
    "campaigns_propensityscore": "rd",
    "campaigns_scorable": "r",
    "campaigns_seasonlevel": "r",
    "campaigns_seasonstep": "arwd",
    "campaigns_seasontarget": "ar",  # and its amount, and that it is taken back
    "campaigns_seasontheme": "arw",
    "customers_account": "r",
    "customers_accountholder": "r",
    "customers_alert": "rw",
    "customers_alertrule": "arw",
    "customers_balancechange": "r",
    "customers_bulkitem": "arw",
    "customers_bulkjob": "arw",
    "customers_customer": "rw",
    "customers_exportrequest": "ar",  # and some columns: tests/exports
    "customers_feedload": "r",
    "customers_feedreject": "r",
    "customers_feedupload": "arw",
    "customers_holding": "r",
    "customers_household": "ar",
    "customers_metrics": "r",
    "customers_nudge": "ar",
    "customers_ownership": "arw",
    "customers_ownershipmove": "ar",  # and what became of it: tests/bulk
    "customers_ownershiprequest": "ar",  # and what was decided
    "customers_ownershiprule": "arw",
    "customers_poolrule": "ar",  # and that it is in force
    "customers_product": "arw",
    "customers_productclassrule": "rw",
    "customers_relation": "ard",
    "customers_savedview": "ardw",
    "customers_star": "ard",
    "django_admin_log": "ar",
    "django_content_type": "r",
    "django_migrations": "r",
    "django_session": "ardw",
    "jobs_heartbeat": "r",
    "jobs_jobchunk": "r",
    "jobs_jobrun": "r",
    "jobs_jobstep": "r",
    "night_account": "",
    "night_alert": "",
    "night_customer": "",
    "night_holder": "",
    "night_holding": "",
    "night_measure": "",
    "night_metrics": "",
    "night_ownership": "",
    "night_plan": "",
    "night_plan_customer": "",
    "night_plan_seen": "",
    "night_product": "",
    "night_segment": "",
    "night_tier": "",
    "night_tier_before": "",
    "night_touched": "",
    "organization_branch": "arw",
    "organization_absence": "ard",
    "organization_contactcadence": "arw",
    "organization_daytarget": "arw",
    "organization_user": "arw",
    "organization_workday": "ardw",
    "segments_dayfigure": "r",
    "segments_grade": "r",
    "segments_gradedecision": "ar",
    "segments_grading": "rw",
    "segments_monthmoves": "r",
    "segments_owneralerts": "r",
    "segments_ownerdue": "r",
    "segments_ownertier": "r",
    "segments_playbook": "arw",
    "segments_schemebranch": "ardw",
    "segments_schemefactor": "ardw",
    "segments_schemeweight": "ardw",
    "segments_schemesimulation": "ar",  # and what is decided: tests/segments/test_simulation.py
    "segments_segment": "arw",
    "segments_segmentchange": "ar",
    "segments_segmentday": "r",
    "segments_segmentmember": "ard",
    "segments_segmentversion": "arw",
    "segments_simulatedmover": "r",
    "segments_simulatedtier": "r",
    "segments_tier": "ardw",
    "segments_tierchange": "r",
    "segments_tierscheme": "arw",
    "segments_tierstate": "r",
}
HEAD_OFFICE = TABLES | {"customers_feedupload": ""}  # files are for administrators
HELD = """
SELECT c.relname::text AS name, coalesce(string_agg(letter, '' ORDER BY letter), '') AS letters
FROM pg_class c
LEFT JOIN unnest(
  ARRAY['r', 'a', 'w', 'd', 'D', 'x', 't', 'm'],
  ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN']
) AS p(letter, right_to) ON has_table_privilege(%s, c.oid, right_to)
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') GROUP BY 1
"""


def held(role: str) -> dict[str, str]:
    rows = db.fetch_all(HELD, [role], using="owner")
    return {row["name"]: "".join(sorted(row["letters"])) for row in rows if not row["name"].startswith("pg_stat_")}


@pytest.mark.parametrize(("role", "decided"), [("crm_app", TABLES), ("crm_hq", HEAD_OFFICE)])
def test_the_web_may_do_to_a_table_what_was_decided(database: None, role: str, decided: dict[str, str]) -> None:
    assert held(role) == {table: "".join(sorted(letters)) for table, letters in decided.items()}


@pytest.fixture
def own_database() -> Iterator[dict[str, str]]:
    """A database that no other test uses, and an environment that points to it."""
    address = os.environ["DATABASE_OWNER_URL"]
    worker = urlsplit(address).path[1:]
    name = f"migrated_{worker}"
    with psycopg.connect(address.replace(f"/{worker}?", "/postgres?"), autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        yield {**os.environ, **{key: os.environ[key].replace(f"/{worker}?", f"/{name}?") for key in URLS}}
        link.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_migration_goes_back_and_forth(own_database: dict[str, str]) -> None:
    def migrate(*target: str) -> bool:
        """And whether the web may then write metrics."""
        command = [sys.executable, "manage.py", "migrate", *target, "--database", "owner", "-v", "0"]
        subprocess.run(command, cwd=ROOT, env=own_database, check=True, timeout=300)
        with psycopg.connect(own_database["DATABASE_OWNER_URL"]) as link:
            row = link.execute("SELECT has_table_privilege('crm_app', 'customers_metrics', 'INSERT')").fetchone()
        assert row is not None
        return bool(row[0])

    assert migrate("segments", "0007")
    assert not migrate()
