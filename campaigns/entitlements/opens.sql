-- Whether everybody has to be looked at: a period begins in these days, a row comes into force in them, or somebody has changed
-- what is given since the last night was published.
SELECT EXISTS (
    SELECT FROM campaigns_entitlementterm t JOIN campaigns_entitlement e ON e.id = t.entitlement_id
    WHERE (t.effective_from <= %(day)s AND date_trunc(t.period, %(day)s::timestamp)::date >= %(since)s AND e.is_active)
       OR (t.effective_from >= %(since)s AND t.effective_from <= %(day)s)
       OR greatest(t.changed_at, e.changed_at) > coalesce(
              (SELECT max(published_at) FROM jobs_jobrun WHERE job = 'nightly'), '-infinity')) AS opens
