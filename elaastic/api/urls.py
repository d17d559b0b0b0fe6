"""Addresses of the API that belong to elaastic; included under its base."""

from django.urls import path

from elaastic.api.changing import (
    CredentialRevoke,
    CredentialRotate,
    SubscriptionPurge,
    SubscriptionResume,
    SubscriptionSuspend,
)
from elaastic.api.collecting import (
    ClientConfig,
    CredentialList,
    CredentialReveal,
    SubscriptionEvents,
    SubscriptionResources,
)
from elaastic.api.health import SubscriptionHealth, SubscriptionUsage
from elaastic.api.levels import LevelDetail, LevelList
from elaastic.api.region import Capacity, OrphanList, PlatformList
from elaastic.api.requests import (
    RequestApprove,
    RequestDetail,
    RequestList,
    RequestPlan,
    RequestReject,
    RequestWithdraw,
)
from elaastic.api.stacks import StackAdopt, StackDetail, StackEvents, StackList, StackResources, StackRetry
from elaastic.api.subscriptions import SubscriptionDetail, SubscriptionList

app_name = "elaastic-api"

urlpatterns = [
    path("levels/", LevelList.as_view(), name="levels"),
    path("levels/<int:number>/", LevelDetail.as_view(), name="level"),
    path("subscriptions/", SubscriptionList.as_view(), name="subscriptions"),
    path("subscriptions/<uuid:public_id>/", SubscriptionDetail.as_view(), name="subscription"),
    path("subscriptions/<uuid:public_id>/resources/", SubscriptionResources.as_view(), name="resources"),
    path("subscriptions/<uuid:public_id>/events/", SubscriptionEvents.as_view(), name="events"),
    path("subscriptions/<uuid:public_id>/credentials/", CredentialList.as_view(), name="credentials"),
    path(
        "subscriptions/<uuid:public_id>/credentials/<slug:name>/reveal/",
        CredentialReveal.as_view(),
        name="credential-reveal",
    ),
    path(
        "subscriptions/<uuid:public_id>/credentials/<slug:name>/rotate/",
        CredentialRotate.as_view(),
        name="credential-rotate",
    ),
    path(
        "subscriptions/<uuid:public_id>/credentials/<slug:name>/revoke/",
        CredentialRevoke.as_view(),
        name="credential-revoke",
    ),
    path("subscriptions/<uuid:public_id>/health/", SubscriptionHealth.as_view(), name="health"),
    path("subscriptions/<uuid:public_id>/usage/", SubscriptionUsage.as_view(), name="usage"),
    path("subscriptions/<uuid:public_id>/suspend/", SubscriptionSuspend.as_view(), name="suspend"),
    path("subscriptions/<uuid:public_id>/resume/", SubscriptionResume.as_view(), name="resume"),
    path("subscriptions/<uuid:public_id>/purge/", SubscriptionPurge.as_view(), name="purge"),
    path("subscriptions/<uuid:public_id>/client-config/", ClientConfig.as_view(), name="client-config"),
    path("requests/", RequestList.as_view(), name="requests"),
    path("requests/<uuid:public_id>/", RequestDetail.as_view(), name="request"),
    path("requests/<uuid:public_id>/plan/", RequestPlan.as_view(), name="request-plan"),
    path("requests/<uuid:public_id>/approve/", RequestApprove.as_view(), name="request-approve"),
    path("requests/<uuid:public_id>/reject/", RequestReject.as_view(), name="request-reject"),
    path("requests/<uuid:public_id>/withdraw/", RequestWithdraw.as_view(), name="request-withdraw"),
    path("capacity/", Capacity.as_view(), name="capacity"),
    path("platforms/", PlatformList.as_view(), name="platforms"),
    path("orphans/", OrphanList.as_view(), name="orphans"),
    path("stacks/", StackList.as_view(), name="stacks"),
    path("stacks/<slug:key>/", StackDetail.as_view(), name="stack"),
    path("stacks/<slug:key>/resources/", StackResources.as_view(), name="stack-resources"),
    path("stacks/<slug:key>/events/", StackEvents.as_view(), name="stack-events"),
    path("stacks/<slug:key>/retry/", StackRetry.as_view(), name="stack-retry"),
    path("stacks/<slug:key>/adopt/", StackAdopt.as_view(), name="stack-adopt"),
]
