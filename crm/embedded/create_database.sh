#!/usr/bin/env bash
# A production server's first start: the roles with passwords from the environment, then the database and what it needs.
# The postgres image runs it as the superuser. A DBA runs it by hand: SQL=crm/embedded bash crm/embedded/create_database.sh
# (PGHOST, PGUSER and the CRM_…_PASSWORD variables set). It can be repeated.
set -euo pipefail
SQL=${SQL:-/dangan}
export PGUSER=${PGUSER:-${POSTGRES_USER:-postgres}}

run() {
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@"
}

for role in owner app batch backup; do
    name="CRM_${role^^}_PASSWORD"
    [ -n "${!name:-}" ] || { echo "$name is not set" >&2; exit 1; }
done
run --dbname postgres --file "$SQL/roles.sql"
for role in owner app batch backup; do
    name="CRM_${role^^}_PASSWORD"
    # Through the environment and psql's own quoting: a password is in no process list and may hold any character.
    CRM_PASSWORD=${!name} run --dbname postgres --set role="crm_$role" <<'END'
\getenv password CRM_PASSWORD
SET log_min_error_statement = panic;
ALTER ROLE :"role" PASSWORD :'password';
END
done
exists=$(run --dbname postgres --tuples-only --no-align --command "SELECT 1 FROM pg_database WHERE datname = 'crm'")
if [ -z "$exists" ]; then
    run --dbname postgres --command "CREATE DATABASE crm OWNER crm_owner"
fi
run --dbname crm --file "$SQL/database.sql"
