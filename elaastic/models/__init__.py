"""What people decided, and nothing that can be derived from it."""

from elaastic.models.alerts import Alert, AlertKind
from elaastic.models.requests import Decision, Request, RequestKind, RequestState, request_state
from elaastic.models.subscriptions import Subscription, SubscriptionState, subscription_state

__all__ = [
    "Alert",
    "AlertKind",
    "Decision",
    "Request",
    "RequestKind",
    "RequestState",
    "Subscription",
    "SubscriptionState",
    "request_state",
    "subscription_state",
]
