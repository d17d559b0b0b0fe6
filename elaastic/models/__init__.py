"""What people decided, and nothing that can be derived from it."""

from elaastic.models.alerts import Alert, AlertKind, Digest, Escalation, RegionDigest
from elaastic.models.choosing import Draft, Interest, PriceRow
from elaastic.models.drills import Drill, DrillImages, DrillMinutes, DrillState
from elaastic.models.exports import Export, ExportState
from elaastic.models.failovers import Failover
from elaastic.models.messages import Message
from elaastic.models.proving import (
    CLEAR_TOOLS,
    FIRST_LINK,
    RESTORE_TOOLS,
    RESTORE_TRIES,
    RestoreState,
    RestoreTest,
    Verification,
    VerificationHead,
    VerificationKind,
)
from elaastic.models.recovery import ImagesLook, PointState, RecoveryPoint, SumFile
from elaastic.models.recovery_plans import RecoveryPlan
from elaastic.models.reminders import Ending, Reminder
from elaastic.models.requests import Decision, Request, RequestKind, RequestState, request_state
from elaastic.models.subscriptions import Subscription, SubscriptionState, subscription_state

__all__ = [
    "CLEAR_TOOLS",
    "FIRST_LINK",
    "RESTORE_TOOLS",
    "RESTORE_TRIES",
    "Alert",
    "AlertKind",
    "Decision",
    "Digest",
    "Draft",
    "Drill",
    "DrillImages",
    "DrillMinutes",
    "DrillState",
    "Ending",
    "Escalation",
    "Export",
    "ExportState",
    "Failover",
    "ImagesLook",
    "Interest",
    "Message",
    "PointState",
    "PriceRow",
    "RecoveryPlan",
    "RecoveryPoint",
    "RegionDigest",
    "Reminder",
    "Request",
    "RequestKind",
    "RequestState",
    "RestoreState",
    "RestoreTest",
    "Subscription",
    "SubscriptionState",
    "SumFile",
    "Verification",
    "VerificationHead",
    "VerificationKind",
    "request_state",
    "subscription_state",
]
