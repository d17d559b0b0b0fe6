"""The pages. Every act that changes something is a POST to an address of its own."""

from django.urls import path

from elaastic.views import drills, exports, failovers, minutes, proving
from elaastic.views.acts import act_on
from elaastic.views.asking import ask, ask_estimate
from elaastic.views.capacity import capacity
from elaastic.views.changing import change
from elaastic.views.choosing import choose, price_list
from elaastic.views.console import (
    console,
    console_accept,
    console_adopt,
    console_look,
    console_retry,
    console_stack,
)
from elaastic.views.credentials import configuration, reveal
from elaastic.views.deciding_many import decide_many_page
from elaastic.views.home import home
from elaastic.views.images import images, machine_images
from elaastic.views.interest import interest
from elaastic.views.kit import kit
from elaastic.views.leaving import deletion_certificate, leaving
from elaastic.views.onboarding import onboarding
from elaastic.views.platforms import platform_page
from elaastic.views.recovery_plans import (
    recovery_plan,
    recovery_plan_edit,
    recovery_plan_history,
    recovery_plan_version,
)
from elaastic.views.requests import approve, reject, request_live, request_page, request_queue, withdraw
from elaastic.views.subscriptions import (
    subscription,
    subscription_events,
    subscription_list,
    subscription_live,
)
from elaastic.views.talking import accept, answer, counter
from elaastic.views.talking import ask as ask_information
from elaastic.views.verifications import verifications, verifications_bundle
from elaastic.views.ways_in import emergency_page, way_in, way_in_close, way_in_open, ways_in

SUBSCRIPTION = "subscriptions/<uuid:public_id>"
DRILL = "drills/<uuid:public_id>"
PLAN = f"{SUBSCRIPTION}/recovery-plan"
REQUEST = "requests/<uuid:public_id>"

urlpatterns = [
    path("", home, name="home"),
    path("subscriptions/", subscription_list, name="subscription_list"),
    path("choose/", choose, name="choose"),
    path("interest/", interest, name="interest"),
    path("prices/", price_list, name="prices"),
    path("subscriptions/new/", ask, name="ask"),
    path("subscriptions/new/estimate/", ask_estimate, name="ask_estimate"),
    path("subscriptions/new/<int:level>/", ask, name="ask_level"),
    path("subscriptions/new/<int:level>/estimate/", ask_estimate, name="ask_estimate_level"),
    path(f"{SUBSCRIPTION}/", subscription, name="subscription"),
    path(f"{SUBSCRIPTION}/live/", subscription_live, name="subscription_live"),
    path(f"{SUBSCRIPTION}/events/", subscription_events, name="subscription_events"),
    path(f"{SUBSCRIPTION}/look/", proving.look, name="look"),
    path(f"{SUBSCRIPTION}/proof/", proving.proof, name="proof"),
    path(f"{SUBSCRIPTION}/proof/file/", proving.proof_file, name="proof_file"),
    path(f"{SUBSCRIPTION}/proof/answer/", proving.answer, name="proof_answer"),
    path(f"{SUBSCRIPTION}/proof/stop/", proving.stop, name="proof_stop"),
    path(f"{SUBSCRIPTION}/change/", change, name="change"),
    path(f"{SUBSCRIPTION}/step-up/<int:level>/", change, name="step_up"),
    path(f"{SUBSCRIPTION}/leave/", act_on, {"act": "leave"}, name="leave"),
    path(f"{SUBSCRIPTION}/renew/", act_on, {"act": "renew"}, name="renew"),
    path(f"{SUBSCRIPTION}/leaving/", leaving, name="leaving"),
    path(f"{SUBSCRIPTION}/certificate/", deletion_certificate, name="certificate"),
    path(f"{SUBSCRIPTION}/purge/", act_on, {"act": "purge"}, name="purge"),
    path(f"{SUBSCRIPTION}/suspend/", act_on, {"act": "suspend"}, name="suspend"),
    path(f"{SUBSCRIPTION}/resume/", act_on, {"act": "resume"}, name="resume"),
    path(f"{SUBSCRIPTION}/credentials/<slug:name>/", reveal, name="reveal"),
    path(f"{SUBSCRIPTION}/credentials/<slug:name>/rotate/", act_on, {"act": "rotate"}, name="rotate"),
    path(f"{SUBSCRIPTION}/credentials/<slug:name>/revoke/", act_on, {"act": "revoke"}, name="revoke"),
    path(f"{SUBSCRIPTION}/config/<slug:name>/<slug:tool>/", configuration, name="configuration"),
    path(f"{SUBSCRIPTION}/images/", images, name="images"),
    path(f"{SUBSCRIPTION}/images/<slug:machine>/", machine_images, name="machine_images"),
    path(f"{SUBSCRIPTION}/kit/", kit, name="kit"),
    path(f"{PLAN}/", recovery_plan, name="recovery_plan"),
    path(f"{PLAN}/edit/", recovery_plan_edit, name="recovery_plan_edit"),
    path(f"{PLAN}/history/", recovery_plan_history, name="recovery_plan_history"),
    path(f"{PLAN}/versions/<int:number>/", recovery_plan_version, name="recovery_plan_version"),
    path(f"{SUBSCRIPTION}/drills/", drills.drills, name="drills"),
    path(f"{SUBSCRIPTION}/failover/", failovers.failover, name="failover"),
    path(f"{SUBSCRIPTION}/failover/live/", failovers.failover_live, name="failover_live"),
    path(f"{SUBSCRIPTION}/failover/call-off/", failovers.failover_call_off, name="failover_call_off"),
    path(f"{SUBSCRIPTION}/failover/review/", failovers.failover_review, name="failover_review"),
    path(f"{SUBSCRIPTION}/failover/export/", exports.export_begin, name="export_begin"),
    path(f"{SUBSCRIPTION}/failover/export/stop/", exports.export_stop, name="export_stop"),
    path(f"{SUBSCRIPTION}/failover/end/", act_on, {"act": "failback"}, name="failback"),
    path(f"{DRILL}/", drills.drill, name="drill"),
    path(f"{DRILL}/live/", drills.drill_live, name="drill_live"),
    path(f"{DRILL}/minutes/", minutes.drill_minutes, name="drill_minutes"),
    path(f"{DRILL}/stop/", drills.drill_stop, name="drill_stop"),
    path(f"{DRILL}/steps/<int:number>/", drills.drill_step, name="drill_step"),
    path("verifications/", verifications, name="verifications"),
    path("verifications/bundle/", verifications_bundle, name="verifications_bundle"),
    path("ways-in/", ways_in, name="ways_in"),
    path("ways-in/<uuid:public_id>/", way_in, name="way_in"),
    path("ways-in/<uuid:public_id>/close/", way_in_close, name="way_in_close"),
    path("authorities/<uuid:public_id>/ways-in/new/", way_in_open, name="way_in_open"),
    path("emergency/", emergency_page, name="emergency"),
    path("requests/", request_queue, name="request_queue"),
    path("requests/decisions/", decide_many_page, name="request_decisions"),
    path(f"{REQUEST}/", request_page, name="request"),
    path(f"{REQUEST}/live/", request_live, name="request_live"),
    path(f"{REQUEST}/approve/", approve, name="request_approve"),
    path(f"{REQUEST}/reject/", reject, name="request_reject"),
    path(f"{REQUEST}/ask/", ask_information, name="request_ask"),
    path(f"{REQUEST}/answer/", answer, name="request_answer"),
    path(f"{REQUEST}/counter/", counter, name="request_counter"),
    path(f"{REQUEST}/accept/", accept, name="request_accept"),
    path(f"{REQUEST}/withdraw/", withdraw, name="request_withdraw"),
    path("console/", console, name="console"),
    path("console/platforms/<slug:platform>/accept/", console_accept, name="console_accept"),
    path("console/<slug:key>/", console_stack, name="console_stack"),
    path("console/<slug:key>/retry/", console_retry, name="console_retry"),
    path("console/<slug:key>/look/", console_look, name="console_look"),
    path("console/<slug:key>/adopt/<slug:resource>/", console_adopt, name="console_adopt"),
    path("platforms/", platform_page, name="platforms"),
    path("capacity/", capacity, name="capacity"),
    path("onboarding/", onboarding, name="onboarding"),
]
