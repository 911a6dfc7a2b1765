from customers.models.alert import Alert, AlertRule
from customers.models.customer import Customer, Household, Metrics, Ownership, Relation
from customers.models.export import ExportRequest
from customers.models.feed import FeedLoad, FeedReject
from customers.models.handover import OwnershipMove, OwnershipRequest, OwnershipRule, PoolRule
from customers.models.holding import Account, AccountHolder, BalanceChange, Holding, Product, ProductClassRule
from customers.models.lists import BulkItem, BulkJob, SavedView, Star
from customers.models.night import (
    NightAccount,
    NightAlert,
    NightCustomer,
    NightHolder,
    NightHolding,
    NightMetrics,
    NightOwnership,
    NightProduct,
)
from customers.models.nudge import Nudge
from customers.models.upload import FeedUpload

__all__ = [
    "Account",
    "AccountHolder",
    "Alert",
    "AlertRule",
    "BalanceChange",
    "BulkItem",
    "BulkJob",
    "Customer",
    "ExportRequest",
    "FeedLoad",
    "FeedReject",
    "FeedUpload",
    "Holding",
    "Household",
    "Metrics",
    "NightAccount",
    "NightAlert",
    "NightCustomer",
    "NightHolder",
    "NightHolding",
    "NightMetrics",
    "NightOwnership",
    "NightProduct",
    "Nudge",
    "Ownership",
    "OwnershipMove",
    "OwnershipRequest",
    "OwnershipRule",
    "PoolRule",
    "Product",
    "ProductClassRule",
    "Relation",
    "SavedView",
    "Star",
]
