"""Rows, and the plain things that every layer above may use."""

from tenants.models.actor import Actor
from tenants.models.audit import AuditEvent, AuditHead, AuditPersonalData, TrailIsAppendOnly
from tenants.models.authorities import (
    ACTS_FOR,
    MAY_ASK,
    NEEDS_REGION,
    AuthorityKind,
    AuthorityState,
    DataClass,
    LocalAuthority,
    MemberRole,
    Membership,
)
from tenants.models.cache import CacheRow
from tenants.models.calls import AnswerState, CallCount, IdempotencyRecord
from tenants.models.people import (
    AUDITS,
    DECIDES,
    OPERATES,
    READS_EVERYTHING,
    RegionRole,
    RegionRoleName,
    User,
    UserKind,
    UserManager,
)
from tenants.models.scopes import SCOPES
from tenants.models.tokens import ApiToken

__all__ = [
    "ACTS_FOR",
    "AUDITS",
    "DECIDES",
    "MAY_ASK",
    "NEEDS_REGION",
    "OPERATES",
    "READS_EVERYTHING",
    "SCOPES",
    "Actor",
    "AnswerState",
    "ApiToken",
    "AuditEvent",
    "AuditHead",
    "AuditPersonalData",
    "AuthorityKind",
    "AuthorityState",
    "CacheRow",
    "CallCount",
    "DataClass",
    "IdempotencyRecord",
    "LocalAuthority",
    "MemberRole",
    "Membership",
    "RegionRole",
    "RegionRoleName",
    "TrailIsAppendOnly",
    "User",
    "UserKind",
    "UserManager",
]
