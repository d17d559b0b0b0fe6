"""Addresses of the API that belong to elaastic; included under its base."""

from django.urls import path

from elaastic.api.agreeing import SubscriptionCertificate, SubscriptionInventory, SubscriptionRenew
from elaastic.api.changing import (
    CredentialRevoke,
    CredentialRotate,
    SubscriptionPurge,
    SubscriptionResume,
    SubscriptionSuspend,
)
from elaastic.api.choosing import Estimates, Recommendations
from elaastic.api.collecting import (
    ClientConfig,
    CredentialList,
    CredentialReveal,
    SubscriptionEvents,
    SubscriptionResources,
)
from elaastic.api.copies import SubscriptionCopies
from elaastic.api.deciding_many import RequestDecisions
from elaastic.api.drills import DrillCancel, DrillDetail, DrillList, DrillStepDone
from elaastic.api.evidence import DrillEvidence
from elaastic.api.exports import ExportDetail, FailoverExport, FailoverExportCancel
from elaastic.api.failovers import FailoverCancel, FailoverDetail, FailoverReview, SubscriptionFailover
from elaastic.api.health import SubscriptionHealth, SubscriptionUsage
from elaastic.api.levels import LevelDetail, LevelList
from elaastic.api.onboarding import AuthoritiesBulk
from elaastic.api.operation_list import OperationList
from elaastic.api.operations import (
    OperationAnswer,
    OperationCancel,
    OperationDetail,
    OperationProofFile,
    RestoreTestList,
)
from elaastic.api.recovery_plans import RecoveryPlanDetail, RecoveryPlanList, RecoveryPlanVersions
from elaastic.api.recovery_points import RecoveryPointDetail, RecoveryPointList
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
from elaastic.api.talking import RequestAccept, RequestAnswer, RequestAsk, RequestCounter, SubscriptionMessages
from elaastic.api.verifications import VerificationExport, VerificationList

app_name = "elaastic-api"

urlpatterns = [
    path("authorities/bulk/", AuthoritiesBulk.as_view(), name="authorities-bulk"),
    path("levels/", LevelList.as_view(), name="levels"),
    path("levels/<int:number>/", LevelDetail.as_view(), name="level"),
    path("recommendations/", Recommendations.as_view(), name="recommendations"),
    path("estimates/", Estimates.as_view(), name="estimates"),
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
    path("subscriptions/<uuid:public_id>/copies/", SubscriptionCopies.as_view(), name="copies"),
    path("subscriptions/<uuid:public_id>/renew/", SubscriptionRenew.as_view(), name="renew"),
    path("subscriptions/<uuid:public_id>/inventory/", SubscriptionInventory.as_view(), name="inventory"),
    path("subscriptions/<uuid:public_id>/certificate/", SubscriptionCertificate.as_view(), name="certificate"),
    path("subscriptions/<uuid:public_id>/messages/", SubscriptionMessages.as_view(), name="messages"),
    path("subscriptions/<uuid:public_id>/suspend/", SubscriptionSuspend.as_view(), name="suspend"),
    path("subscriptions/<uuid:public_id>/resume/", SubscriptionResume.as_view(), name="resume"),
    path("subscriptions/<uuid:public_id>/purge/", SubscriptionPurge.as_view(), name="purge"),
    path("subscriptions/<uuid:public_id>/failover/", SubscriptionFailover.as_view(), name="failover"),
    path("subscriptions/<uuid:public_id>/failover/cancel/", FailoverCancel.as_view(), name="failover-cancel"),
    path("subscriptions/<uuid:public_id>/failover/review/", FailoverReview.as_view(), name="failover-review"),
    path("subscriptions/<uuid:public_id>/failover/export/", FailoverExport.as_view(), name="failover-export"),
    path(
        "subscriptions/<uuid:public_id>/failover/export/cancel/",
        FailoverExportCancel.as_view(),
        name="failover-export-cancel",
    ),
    path("subscriptions/<uuid:public_id>/client-config/", ClientConfig.as_view(), name="client-config"),
    path("operations/", OperationList.as_view(), name="operations"),
    path("operations/restore-tests/", RestoreTestList.as_view(), name="restore-tests"),
    path("operations/exports/<uuid:public_id>/", ExportDetail.as_view(), name="operation-export"),
    path("operations/failovers/<uuid:public_id>/", FailoverDetail.as_view(), name="operation-failover"),
    path("operations/drills/", DrillList.as_view(), name="drills"),
    path("operations/drills/<uuid:public_id>/", DrillDetail.as_view(), name="drill"),
    path("operations/drills/<uuid:public_id>/evidence/<str:file>", DrillEvidence.as_view(), name="drill-evidence"),
    path("operations/drills/<uuid:public_id>/cancel/", DrillCancel.as_view(), name="drill-cancel"),
    path("operations/drills/<uuid:public_id>/steps/<int:number>/done/", DrillStepDone.as_view(), name="drill-step"),
    path("operations/<uuid:public_id>/", OperationDetail.as_view(), name="operation"),
    path("operations/<uuid:public_id>/proof-file/", OperationProofFile.as_view(), name="operation-proof-file"),
    path("operations/<uuid:public_id>/answer/", OperationAnswer.as_view(), name="operation-answer"),
    path("operations/<uuid:public_id>/cancel/", OperationCancel.as_view(), name="operation-cancel"),
    path("recovery-plans/", RecoveryPlanList.as_view(), name="recovery-plans"),
    path("recovery-plans/<uuid:public_id>/", RecoveryPlanDetail.as_view(), name="recovery-plan"),
    path(
        "recovery-plans/<uuid:public_id>/versions/", RecoveryPlanVersions.as_view(), name="recovery-plan-versions"
    ),
    path("recovery-points/", RecoveryPointList.as_view(), name="recovery-points"),
    path("recovery-points/<uuid:public_id>/", RecoveryPointDetail.as_view(), name="recovery-point"),
    path("verifications/", VerificationList.as_view(), name="verifications"),
    path("verifications/export/", VerificationExport.as_view(), name="verifications-export"),
    path("requests/", RequestList.as_view(), name="requests"),
    path("requests/decisions/", RequestDecisions.as_view(), name="request-decisions"),
    path("requests/<uuid:public_id>/", RequestDetail.as_view(), name="request"),
    path("requests/<uuid:public_id>/plan/", RequestPlan.as_view(), name="request-plan"),
    path("requests/<uuid:public_id>/approve/", RequestApprove.as_view(), name="request-approve"),
    path("requests/<uuid:public_id>/reject/", RequestReject.as_view(), name="request-reject"),
    path("requests/<uuid:public_id>/ask/", RequestAsk.as_view(), name="request-ask"),
    path("requests/<uuid:public_id>/answer/", RequestAnswer.as_view(), name="request-answer"),
    path("requests/<uuid:public_id>/counter/", RequestCounter.as_view(), name="request-counter"),
    path("requests/<uuid:public_id>/accept/", RequestAccept.as_view(), name="request-accept"),
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
