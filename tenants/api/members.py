"""`/authorities/{id}/members/`, `/invitations/` and `/mandates/`: who acts for a body."""

from typing import Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from tenants.api.authorities import READ, find_or_404
from tenants.api.base import ApiView
from tenants.api.pagination import Listing, paginate
from tenants.api.policy import Rule, anyone_signed_in
from tenants.api.schema import IDEMPOTENCY_KEY, answers, list_parameters, page_of
from tenants.api.serializers import InvitationBody, MandateBody, RoleBody, read_body
from tenants.api.shapes_people import (
    InvitationShape,
    MandateShape,
    MemberShape,
    invitation_shape,
    mandate_shape,
    member_shape,
)
from tenants.models import Invitation, LocalAuthority, Mandate, Membership
from tenants.models.errors import Invalid, NotFound
from tenants.selectors import bodies_that_act_for_others, invitations_of, mandates_of, members_of
from tenants.services.invitations import invite, withdraw_invitation
from tenants.services.mandates import end_mandate, give_mandate
from tenants.services.people import add_member, end_membership

MEMBERS: Final[Listing[Membership]] = Listing(
    model=Membership, show=member_shape, sorts={"since": "since"}, default_sort="since", filters={"role": "role"}
)
INVITATIONS: Final[Listing[Invitation]] = Listing(
    model=Invitation, show=invitation_shape, sorts={"invited_at": "invited_at"}, default_sort="-invited_at",
    filters={"email": "email", "role": "role"},
)  # fmt: skip
MANDATES: Final[Listing[Mandate]] = Listing(
    model=Mandate, show=mandate_shape, sorts={"given_at": "given_at", "until": "until"}, default_sort="-given_at",
    filters={"town": "town__public_id", "body": "body__public_id"},
)  # fmt: skip
WRITE: Final = Rule(anyone_signed_in, ("authorities:write",))


class AuthorityMembers(ApiView):
    """Who acts for it."""

    policy = {"GET": READ}
    parameters = MEMBERS.parameters

    @extend_schema(
        operation_id="authorities_members",
        parameters=list_parameters(MEMBERS),
        responses=answers({200: page_of("MemberPage", MemberShape)}, 404),
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """A page of members."""
        return paginate(request, members_of(find_or_404(self.actor, public_id)), MEMBERS)


class AuthorityMember(ApiView):
    """One person there."""

    policy = {"PATCH": WRITE, "DELETE": WRITE}

    @extend_schema(
        operation_id="authorities_member_change", request=RoleBody(partial=True),
        responses=answers({200: MemberShape}, 404, 413, 415),
    )  # fmt: skip
    def patch(self, request: Request, public_id: UUID, person: UUID) -> Response:
        """Another role; the only owner stays owner."""
        member = self._find(public_id, person)
        role = read_body(RoleBody, request.data, partial=True).get("role", member.role)
        return Response(
            member_shape(add_member(authority=member.authority, user=member.user, role=role, by=self.actor))
        )

    @extend_schema(operation_id="authorities_member_end", responses=answers({204: None}, 404))
    def delete(self, _request: Request, public_id: UUID, person: UUID) -> Response:
        """End the access, now."""
        member = self._find(public_id, person)
        end_membership(authority=member.authority, user=member.user, by=self.actor)
        return Response(status=204)

    def _find(self, public_id: UUID, person: UUID) -> Membership:
        rows = members_of(find_or_404(self.actor, public_id)).select_related("authority", "user")
        found = rows.filter(user__public_id=person).first()
        if found is None:
            raise NotFound
        return found


class AuthorityInvitations(ApiView):
    """Who was asked in."""

    policy = {"GET": READ, "POST": WRITE}
    parameters = INVITATIONS.parameters

    @extend_schema(
        operation_id="authorities_invitations",
        parameters=list_parameters(INVITATIONS),
        responses=answers({200: page_of("InvitationPage", InvitationShape)}, 404),
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """A page of invitations, the newest first."""
        return paginate(request, invitations_of(find_or_404(self.actor, public_id)), INVITATIONS)

    @extend_schema(
        operation_id="authorities_invite", parameters=[IDEMPOTENCY_KEY], request=InvitationBody,
        responses=answers({201: InvitationShape}, 404, 409, 413, 415, 422),
    )  # fmt: skip
    def post(self, request: Request, public_id: UUID) -> Response:
        """Ask somebody in by mail; a former open invitation to the address ends."""
        authority = find_or_404(self.actor, public_id)
        body = read_body(InvitationBody, request.data)
        made = invite(authority=authority, email=body["email"], role=body["role"], by=self.actor)
        row = invitations_of(authority).get(pk=made.pk)
        args = [authority.public_id, row.public_id]
        where = reverse("tenants-api:authority-invitation", args=args, request=request)
        return Response(invitation_shape(row), status=201, headers={"Location": where})


class AuthorityInvitation(ApiView):
    """One invitation."""

    policy = {"DELETE": WRITE}

    @extend_schema(operation_id="authorities_invitation_withdraw", responses=answers({204: None}, 404, 409))
    def delete(self, _request: Request, public_id: UUID, invitation: UUID) -> Response:
        """Withdraw it: its link opens nothing any more."""
        authority = find_or_404(self.actor, public_id)
        found = invitations_of(authority).filter(public_id=invitation).first()
        if found is None:
            raise NotFound
        withdraw_invitation(invitation=found, by=self.actor)
        return Response(status=204)


class AuthorityMandates(ApiView):
    """Who may act for it until when, and for whom it may."""

    policy = {"GET": READ, "POST": WRITE}
    parameters = MANDATES.parameters

    @extend_schema(
        operation_id="authorities_mandates",
        parameters=list_parameters(MANDATES),
        responses=answers({200: page_of("MandatePage", MandateShape)}, 404),
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """A page of mandates given and held, the newest first."""
        return paginate(request, mandates_of(find_or_404(self.actor, public_id)), MANDATES)

    @extend_schema(
        operation_id="authorities_mandate", parameters=[IDEMPOTENCY_KEY], request=MandateBody,
        responses=answers({201: MandateShape}, 404, 409, 413, 415, 422),
    )  # fmt: skip
    def post(self, request: Request, public_id: UUID) -> Response:
        """Let a body act for this one, until the end of a day."""
        town = find_or_404(self.actor, public_id)
        body = read_body(MandateBody, request.data)
        holder = bodies_that_act_for_others().filter(public_id=body.pop("body")).first()
        if holder is None:
            raise Invalid(errors={"body": [NotFound.title]})
        made = give_mandate(town=town, body=holder, by=self.actor, **body)
        row = mandates_of(town).get(pk=made.pk)
        where = reverse("tenants-api:authority-mandate", args=[town.public_id, row.public_id], request=request)
        return Response(mandate_shape(row), status=201, headers={"Location": where})


class AuthorityMandate(ApiView):
    """One mandate."""

    policy = {"DELETE": WRITE}

    @extend_schema(operation_id="authorities_mandate_end", responses=answers({204: None}, 404))
    def delete(self, _request: Request, public_id: UUID, mandate: UUID) -> Response:
        """End it, now; either side may."""
        found = mandates_of(self._authority(public_id)).filter(public_id=mandate).first()
        if found is None:
            raise NotFound
        end_mandate(mandate=found, by=self.actor)
        return Response(status=204)

    def _authority(self, public_id: UUID) -> LocalAuthority:
        return find_or_404(self.actor, public_id)
