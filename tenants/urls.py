"""Pages about people and authorities."""

from django.urls import path

from tenants.views import members, people, registering, registrations, suspending, tokens
from tenants.views.authorities import authority_list, authority_verify
from tenants.views.inviting import invitation_accept, invitation_link
from tenants.views.trail import trail

REGISTRATION = "register/<uuid:public_id>"
AUTHORITY = "authorities/<uuid:public_id>"
MEMBER = f"{AUTHORITY}/people/<uuid:person>"
PERSON = "people/<uuid:person>"

urlpatterns = [
    path("register/", registering.register_authority, name="register_authority"),
    path(f"{REGISTRATION}/", registering.registration, name="registration"),
    path(f"{REGISTRATION}/again/", registering.registration_again, name="registration_again"),
    path(f"{REGISTRATION}/letter/", registering.registration_papers, name="registration_papers"),
    path("registrations/<uuid:public_id>/", registrations.registration_review, name="registration_review"),
    path(
        "registrations/<uuid:public_id>/letter/<int:number>/",
        registrations.registration_paper,
        name="registration_paper",
    ),
    path("invitation/", invitation_accept, name="invitation"),
    path("invitation/<str:secret>/", invitation_link, name="invitation_link"),
    path("authorities/", authority_list, name="authority_list"),
    path(f"{AUTHORITY}/verify/", authority_verify, name="authority_verify"),
    path(f"{AUTHORITY}/suspend/", suspending.authority_suspend, name="authority_suspend"),
    path(f"{AUTHORITY}/resume/", suspending.authority_resume, name="authority_resume"),
    path(f"{AUTHORITY}/people/", members.authority_people, name="authority_people"),
    path(f"{MEMBER}/", members.member_change, name="member_change"),
    path(f"{MEMBER}/end/", members.member_end, name="member_end"),
    path(
        f"{AUTHORITY}/invitations/<uuid:invitation>/withdraw/",
        members.invitation_withdraw,
        name="invitation_withdraw",
    ),
    path(f"{AUTHORITY}/mandates/new/", members.mandate_give, name="mandate_give"),
    path(f"{AUTHORITY}/mandates/<uuid:mandate>/end/", members.mandate_end, name="mandate_end"),
    path("trail/", trail, name="trail"),
    path("people/", people.people, name="people"),
    path(f"{PERSON}/roles/<slug:role>/take/", people.region_role_take, name="region_role_take"),
    path(f"{PERSON}/second-factor/reset/", people.second_factor_reset, name="second_factor_reset"),
    path(
        "people/invitations/<uuid:invitation>/withdraw/",
        people.region_invitation_withdraw,
        name="region_invitation_withdraw",
    ),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/new/", tokens.token_issue, name="token_issue"),
    path("tokens/new/<uuid:holder>/", tokens.token_issue, name="token_issue_for"),
    path("tokens/<uuid:public_id>/revoke/", tokens.token_revoke, name="token_revoke"),
    path("programs/new/", tokens.service_account_open, name="service_account_open"),
    path("programs/<uuid:holder>/close/", tokens.service_account_close, name="service_account_close"),
]
