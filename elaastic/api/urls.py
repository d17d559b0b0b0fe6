"""Addresses of the API that belong to elaastic; included under its base."""

from django.urls import path

from elaastic.api.levels import LevelDetail, LevelList
from elaastic.api.region import Capacity, PlatformList
from elaastic.api.requests import (
    RequestApprove,
    RequestDetail,
    RequestList,
    RequestPlan,
    RequestReject,
    RequestWithdraw,
)
from elaastic.api.subscriptions import SubscriptionDetail, SubscriptionList

app_name = "elaastic-api"

urlpatterns = [
    path("capacity/", Capacity.as_view(), name="capacity"),
    path("platforms/", PlatformList.as_view(), name="platforms"),
    path("levels/", LevelList.as_view(), name="levels"),
    path("levels/<int:number>/", LevelDetail.as_view(), name="level"),
    path("subscriptions/", SubscriptionList.as_view(), name="subscriptions"),
    path("subscriptions/<uuid:public_id>/", SubscriptionDetail.as_view(), name="subscription"),
    path("requests/", RequestList.as_view(), name="requests"),
    path("requests/<uuid:public_id>/", RequestDetail.as_view(), name="request"),
    path("requests/<uuid:public_id>/plan/", RequestPlan.as_view(), name="request-plan"),
    path("requests/<uuid:public_id>/approve/", RequestApprove.as_view(), name="request-approve"),
    path("requests/<uuid:public_id>/reject/", RequestReject.as_view(), name="request-reject"),
    path("requests/<uuid:public_id>/withdraw/", RequestWithdraw.as_view(), name="request-withdraw"),
]
