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
    StandingNotice,
)
from tenants.models.cache import CacheRow
from tenants.models.calls import AnswerState, CallCount, IdempotencyRecord
from tenants.models.invitations import Invitation
from tenants.models.mailed import Mailed, MailedSecret
from tenants.models.mandates import ACT_FOR_OTHERS, MANDATED_ROLES, Mandate, MandateNews, MandateNotice
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
from tenants.models.registrations import OPEN, Paper, PaperKind, Registration, RegistrationState
from tenants.models.scopes import SCOPES
from tenants.models.tokens import ApiToken
from tenants.models.ways_in import WayIn, WayInKind

__all__ = [
    "ACTS_FOR",
    "ACT_FOR_OTHERS",
    "AUDITS",
    "DECIDES",
    "MANDATED_ROLES",
    "MAY_ASK",
    "NEEDS_REGION",
    "OPEN",
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
    "Invitation",
    "LocalAuthority",
    "Mailed",
    "MailedSecret",
    "Mandate",
    "MandateNews",
    "MandateNotice",
    "MemberRole",
    "Membership",
    "Paper",
    "PaperKind",
    "RegionRole",
    "RegionRoleName",
    "Registration",
    "RegistrationState",
    "StandingNotice",
    "TrailIsAppendOnly",
    "User",
    "UserKind",
    "UserManager",
    "WayIn",
    "WayInKind",
]
