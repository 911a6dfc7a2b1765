-- Repeatable chance: a uniform and a normal number for any key and purpose, the same for the same seed.
CREATE OR REPLACE FUNCTION pg_temp.chance(bigint, int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT ((hashint8extended($1, %(seed)s::bigint * 1000003 + $2) >> 11) & 9007199254740991)::float8
           / 9007199254740992.0 $$;
CREATE OR REPLACE FUNCTION pg_temp.normal(bigint, int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT sqrt(-2 * ln(1 - pg_temp.chance($1, $2))) * cos(6.283185307179586 * pg_temp.chance($1, $2 + 5000)) $$
