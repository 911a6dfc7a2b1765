-- Who has not come to an account for so many days is forgotten (migration 0012_prospects_forgotten).
SELECT campaigns_forget(ARRAY(
    SELECT id FROM campaigns_prospect
    WHERE converted_on IS NULL AND forgotten_on IS NULL
      AND stage_at < (%(as_of)s::date - %(keep_days)s::int)::timestamp AT TIME ZONE 'Asia/Shanghai'
), %(as_of)s, now()) AS number
