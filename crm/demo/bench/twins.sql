-- Copies of the tables that a night writes, with the same columns and indexes: what the bare write is measured on.
DROP TABLE IF EXISTS staging.bench_holding, staging.bench_metrics, staging.bench_change, staging.bench_delta;
CREATE TABLE staging.bench_holding (LIKE public.customers_holding INCLUDING ALL);
ALTER TABLE staging.bench_holding SET (fillfactor = 85);
INSERT INTO staging.bench_holding SELECT * FROM customers_holding ORDER BY customer_id, id;
CREATE TABLE staging.bench_metrics (LIKE public.customers_metrics INCLUDING ALL);
ALTER TABLE staging.bench_metrics SET (fillfactor = 70);
INSERT INTO staging.bench_metrics SELECT * FROM customers_metrics ORDER BY customer_id;
CREATE TABLE staging.bench_change (LIKE public.customers_balancechange INCLUDING ALL);
CREATE TABLE staging.bench_delta AS
SELECT customer_id, sum(new_counted - old_counted) AS aum FROM night_holding GROUP BY customer_id;
ANALYZE staging.bench_holding, staging.bench_metrics, staging.bench_delta
