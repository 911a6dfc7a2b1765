-- By what archives are measured: the fields in use with their weights, and after how many days a tier's values are stale.
SELECT md5(coalesce(string_agg(said, E'\n' ORDER BY said), '')) AS terms
FROM (SELECT concat_ws(' ', 'field', id, key, section, kind, weight, applies_to) FROM archives_archivefield WHERE is_active
      UNION ALL SELECT concat_ws(' ', 'tier', tier, days) FROM archives_staleafter) parameters (said)
