-- The bank of bank.sql without its customers: branches, products and schemes, and not one published day.
TRUNCATE customers_customer, segments_dayfigure, jobs_jobrun, night_customer, night_account, night_holder, night_holding,
         night_ownership, night_metrics, night_tier, night_alert CASCADE
