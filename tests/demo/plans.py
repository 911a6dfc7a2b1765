from datetime import date

from crm.demo.build import Plan

AS_OF = date(2026, 11, 22)
SMALL = Plan(customers=1500, seed=7, as_of=AS_OF)
