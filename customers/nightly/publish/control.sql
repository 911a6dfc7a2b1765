-- The control total of the night: what customers gained must be what holdings gained, to the fen.
SELECT (SELECT coalesce(sum(aum - old_aum), 0) FROM night_metrics) AS customers,
       (SELECT coalesce(sum(new_counted - old_counted), 0) FROM night_holding) AS holdings
