"""The lists by name."""

from archives.contact_list import CONTACTS
from archives.plan_list import PLANS
from campaigns.retention.listing import RETENTION
from customers.alert_list import ALERTS
from customers.customer_list import CUSTOMERS
from customers.lists.shape import Shape

SHAPES: dict[str, Shape] = {shape.name.value: shape for shape in (CUSTOMERS, ALERTS, CONTACTS, PLANS, RETENTION)}
