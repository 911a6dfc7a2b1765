-- The bank of bank.sql without its customers: branches, products and schemes, and not one published day. Tables that
-- the night writes in bulk have no foreign keys, so that each is named.
TRUNCATE customers_customer, customers_account, customers_holding, customers_balancechange, customers_metrics,
         customers_alert, segments_tierstate, segments_tierchange, segments_dayfigure, jobs_jobrun, night_customer,
         night_account, night_holder, night_holding, night_ownership, night_metrics, night_tier, night_alert CASCADE
