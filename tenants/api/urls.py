"""Addresses of the API that belong to tenants; included under its base."""

from django.urls import path

from tenants.api.authorities import (
    AuthorityDetail,
    AuthorityList,
    AuthorityMembers,
    AuthorityResume,
    AuthoritySuspend,
    AuthorityVerify,
)
from tenants.api.persons import AuditEventList, Me, TokenDetail, TokenList
from tenants.api.service import Docs, Schema, Status

app_name = "tenants-api"

urlpatterns = [
    path("status", Status.as_view(), name="status"),
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", Docs.as_view(), name="docs"),
    path("me/", Me.as_view(), name="me"),
    path("tokens/", TokenList.as_view(), name="tokens"),
    path("tokens/<uuid:public_id>/", TokenDetail.as_view(), name="token"),
    path("audit-events/", AuditEventList.as_view(), name="audit-events"),
    path("authorities/", AuthorityList.as_view(), name="authorities"),
    path("authorities/<uuid:public_id>/", AuthorityDetail.as_view(), name="authority"),
    path("authorities/<uuid:public_id>/verify/", AuthorityVerify.as_view(), name="authority-verify"),
    path("authorities/<uuid:public_id>/suspend/", AuthoritySuspend.as_view(), name="authority-suspend"),
    path("authorities/<uuid:public_id>/resume/", AuthorityResume.as_view(), name="authority-resume"),
    path("authorities/<uuid:public_id>/members/", AuthorityMembers.as_view(), name="authority-members"),
]
