"""The pages. Every act that changes something is a POST to an address of its own."""

from django.urls import path

from elaastic.views.acts import act_on
from elaastic.views.asking import ask
from elaastic.views.authorities import authority_list, authority_verify
from elaastic.views.capacity import capacity
from elaastic.views.changing import change
from elaastic.views.console import (
    console,
    console_accept,
    console_adopt,
    console_look,
    console_retry,
    console_stack,
)
from elaastic.views.credentials import configuration, reveal
from elaastic.views.home import home
from elaastic.views.requests import approve, reject, request_live, request_page, request_queue, withdraw
from elaastic.views.subscriptions import (
    subscription,
    subscription_events,
    subscription_list,
    subscription_live,
)

SUBSCRIPTION = "subscriptions/<uuid:public_id>"
REQUEST = "requests/<uuid:public_id>"

urlpatterns = [
    path("", home, name="home"),
    path("subscriptions/", subscription_list, name="subscription_list"),
    path("subscriptions/new/", ask, name="ask"),
    path(f"{SUBSCRIPTION}/", subscription, name="subscription"),
    path(f"{SUBSCRIPTION}/live/", subscription_live, name="subscription_live"),
    path(f"{SUBSCRIPTION}/events/", subscription_events, name="subscription_events"),
    path(f"{SUBSCRIPTION}/change/", change, name="change"),
    path(f"{SUBSCRIPTION}/leave/", act_on, {"act": "leave"}, name="leave"),
    path(f"{SUBSCRIPTION}/purge/", act_on, {"act": "purge"}, name="purge"),
    path(f"{SUBSCRIPTION}/suspend/", act_on, {"act": "suspend"}, name="suspend"),
    path(f"{SUBSCRIPTION}/resume/", act_on, {"act": "resume"}, name="resume"),
    path(f"{SUBSCRIPTION}/credentials/<slug:name>/", reveal, name="reveal"),
    path(f"{SUBSCRIPTION}/credentials/<slug:name>/rotate/", act_on, {"act": "rotate"}, name="rotate"),
    path(f"{SUBSCRIPTION}/credentials/<slug:name>/revoke/", act_on, {"act": "revoke"}, name="revoke"),
    path(f"{SUBSCRIPTION}/config/<slug:name>/<slug:tool>/", configuration, name="configuration"),
    path("requests/", request_queue, name="request_queue"),
    path(f"{REQUEST}/", request_page, name="request"),
    path(f"{REQUEST}/live/", request_live, name="request_live"),
    path(f"{REQUEST}/approve/", approve, name="request_approve"),
    path(f"{REQUEST}/reject/", reject, name="request_reject"),
    path(f"{REQUEST}/withdraw/", withdraw, name="request_withdraw"),
    path("console/", console, name="console"),
    path("console/platforms/<slug:platform>/accept/", console_accept, name="console_accept"),
    path("console/<slug:key>/", console_stack, name="console_stack"),
    path("console/<slug:key>/retry/", console_retry, name="console_retry"),
    path("console/<slug:key>/look/", console_look, name="console_look"),
    path("console/<slug:key>/adopt/<slug:resource>/", console_adopt, name="console_adopt"),
    path("capacity/", capacity, name="capacity"),
    path("authorities/", authority_list, name="authority_list"),
    path("authorities/<uuid:public_id>/verify/", authority_verify, name="authority_verify"),
]
