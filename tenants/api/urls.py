"""Addresses of the API that belong to tenants; included under its base."""

from django.urls import path

from tenants.api.authorities import (
    AuthorityDetail,
    AuthorityList,
    AuthorityResume,
    AuthoritySuspend,
    AuthorityVerify,
)
from tenants.api.members import (
    AuthorityInvitation,
    AuthorityInvitations,
    AuthorityMandate,
    AuthorityMandates,
    AuthorityMember,
    AuthorityMembers,
)
from tenants.api.persons import AuditEventList, Me, TokenDetail, TokenList
from tenants.api.registrations import (
    RegistrationApprove,
    RegistrationDetail,
    RegistrationList,
    RegistrationReject,
)
from tenants.api.service import Docs, Schema, Status

app_name = "tenants-api"
REGISTRATION = "registrations/<uuid:public_id>"
ONE = "authorities/<uuid:public_id>"

urlpatterns = [
    path("status", Status.as_view(), name="status"),
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", Docs.as_view(), name="docs"),
    path("me/", Me.as_view(), name="me"),
    path("tokens/", TokenList.as_view(), name="tokens"),
    path("tokens/<uuid:public_id>/", TokenDetail.as_view(), name="token"),
    path("audit-events/", AuditEventList.as_view(), name="audit-events"),
    path("registrations/", RegistrationList.as_view(), name="registrations"),
    path(f"{REGISTRATION}/", RegistrationDetail.as_view(), name="registration"),
    path(f"{REGISTRATION}/approve/", RegistrationApprove.as_view(), name="registration-approve"),
    path(f"{REGISTRATION}/reject/", RegistrationReject.as_view(), name="registration-reject"),
    path("authorities/", AuthorityList.as_view(), name="authorities"),
    path(f"{ONE}/", AuthorityDetail.as_view(), name="authority"),
    path(f"{ONE}/verify/", AuthorityVerify.as_view(), name="authority-verify"),
    path(f"{ONE}/suspend/", AuthoritySuspend.as_view(), name="authority-suspend"),
    path(f"{ONE}/resume/", AuthorityResume.as_view(), name="authority-resume"),
    path(f"{ONE}/members/", AuthorityMembers.as_view(), name="authority-members"),
    path(f"{ONE}/members/<uuid:person>/", AuthorityMember.as_view(), name="authority-member"),
    path(f"{ONE}/invitations/", AuthorityInvitations.as_view(), name="authority-invitations"),
    path(f"{ONE}/invitations/<uuid:invitation>/", AuthorityInvitation.as_view(), name="authority-invitation"),
    path(f"{ONE}/mandates/", AuthorityMandates.as_view(), name="authority-mandates"),
    path(f"{ONE}/mandates/<uuid:mandate>/", AuthorityMandate.as_view(), name="authority-mandate"),
]
