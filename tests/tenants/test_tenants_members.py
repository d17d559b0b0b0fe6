"""Who acts for an authority: invited by mail, changed, ended; pages and API say the same."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from tenants.models import AuditEvent, Invitation, Membership, User
from tenants.models.errors import Forbidden, Invalid, NotFound
from tenants.services import mailing
from tenants.services.authorities import register_authority
from tenants.services.invitations import accept_invitation, invite
from tenants.services.people import end_membership
from tests.personas import API, PASSWORD, World, details, sign_in
from tests.smtp import Mailbox

NEW = "nuova@comune.example"


def _people(world: World) -> str:
    return f"/authorities/{world.home.public_id}/people/"


def _invited(world: World, mailbox: Mailbox, email: str = NEW, role: str = "operator") -> str:
    """The link that the mail holds."""
    answer = world["owner"].client().post(_people(world), {"email": email, "role": role})
    assert answer.status_code == 302, answer.content.decode()
    mailing.tick()
    return mailbox.link_to(email)


def _join(link: str, password: str = PASSWORD) -> tuple[Client, Any]:
    visitor = Client(raise_request_exception=False)
    visitor.get(link)
    told = {"full_name": "Nuova Persona", "password1": password, "password2": password}
    return visitor, visitor.post("/invitation/", told)


def test_a_colleague_comes_in_by_the_link_of_the_mail(world: World, mailbox: Mailbox) -> None:
    link = _invited(world, mailbox)
    visitor, answer = _join(link)
    assert answer.status_code == 302, answer.content.decode()
    member = Membership.objects.get(authority=world.home, user__email=NEW)
    assert member.role == "operator"
    assert world.home.name in visitor.get("/").content.decode()
    assert AuditEvent.objects.filter(action="invitation.accepted", authority=world.home).count() == 1


def test_a_link_works_once_and_its_secret_is_kept_nowhere(world: World, mailbox: Mailbox) -> None:
    link = _invited(world, mailbox)
    secret = link.split("/")[2]
    assert secret not in str(vars(Invitation.objects.get()))
    assert secret not in str(list(AuditEvent.objects.values_list("before", "after")))
    _join(link)
    _again, answer = _join(link)
    assert answer.status_code == 404
    assert User.objects.filter(email=NEW).count() == 1


def test_a_link_that_is_too_old_withdrawn_or_replaced_opens_nothing(world: World, mailbox: Mailbox) -> None:
    link = _invited(world, mailbox)
    Invitation.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert _join(link)[1].status_code == 404
    former = _invited(world, mailbox)
    newer = _invited(world, mailbox)
    assert _join(former)[1].status_code == 404, "the newer mail took its place"
    row = Invitation.objects.latest("pk")
    path = f"/authorities/{world.home.public_id}/invitations/{row.public_id}/withdraw/"
    assert world["owner"].client().get(path).status_code == 200
    assert world["owner"].client().post(path).status_code == 302
    assert _join(newer)[1].status_code == 404
    assert not User.objects.filter(email=NEW).exists()


def test_somebody_with_an_account_signs_in_and_confirms(world: World, mailbox: Mailbox) -> None:
    link = _invited(world, mailbox, "nobody@comune.example", "viewer")
    visitor = Client()
    visitor.get(link)
    page = visitor.get("/invitation/").content.decode()
    assert "password1" not in page and "Accedi e continua" in page
    assert visitor.post("/invitation/", {"password1": "x", "password2": "x"}).status_code == 200
    assert not Membership.objects.filter(user=world["nobody"].user).exists()
    sign_in(visitor, world["nobody"].user)
    visitor.get(link)
    assert visitor.post("/invitation/").status_code == 302
    assert Membership.objects.get(user=world["nobody"].user).role == "viewer"


def test_somebody_else_cannot_take_it(world: World, mailbox: Mailbox) -> None:
    link = _invited(world, mailbox)
    thief = world["stranger"].client()
    thief.get(link)
    assert "un indirizzo e-mail diverso" in html(thief.get("/invitation/"))
    thief.post("/invitation/")
    assert not Membership.objects.filter(user=world["stranger"].user, authority=world.home).exists()
    with pytest.raises((Forbidden, NotFound)):
        by = world["stranger"].actor
        accept_invitation(secret=link.split("/")[2], user=by.user, by=by)


@pytest.mark.parametrize("weak", ["breve", "12345678901234", NEW])
def test_a_weak_password_opens_no_account(world: World, mailbox: Mailbox, weak: str) -> None:
    answer = _join(_invited(world, mailbox), weak)[1]
    assert (answer.status_code, "password1" in answer.context["form"].errors) == (400, True)
    assert not User.objects.filter(email=NEW).exists()


def test_an_inviter_does_not_learn_who_has_an_account(world: World, mailbox: Mailbox) -> None:
    client = world["owner"].client()
    answers = [
        client.post(_people(world), {"email": email, "role": "viewer"}, follow=True).content.decode()
        for email in ("nobody@comune.example", "nessuno@comune.example")
    ]
    assert [("nobody" in a, "nessuno" in a) for a in answers] == [(True, False), (True, True)]
    path = f"{API}/authorities/{world.home.public_id}/invitations/"
    shown = [{k for k, v in row.items() if v is not None} for row in client.get(path).json()["items"]]
    assert shown[0] == shown[1]


def test_the_only_owner_stays_whatever_is_tried(world: World, mailbox: Mailbox) -> None:
    owner = world["owner"]
    person = f"{_people(world)}{owner.user.public_id}/"
    assert owner.client().post(person, {"role": "viewer"}).status_code == 400
    assert owner.client().post(f"{person}end/").status_code == 400
    path = f"{API}/authorities/{world.home.public_id}/members/{owner.user.public_id}/"
    assert owner.client().patch(path, {"role": "viewer"}, format="json").status_code == 400
    assert owner.client().delete(path).status_code == 400
    link = _invited(world, mailbox, owner.user.email, "viewer")
    client = owner.client()
    client.get(link)
    assert client.post("/invitation/").status_code == 400
    assert Membership.objects.get(user=owner.user, authority=world.home).role == "owner"


def test_access_ends_at_once_and_tokens_with_it(world: World) -> None:
    viewer = world["viewer"]
    token = viewer.with_token("authorities:read")
    path = f"{API}/authorities/{world.home.public_id}/"
    assert token.client().get(path).status_code == 200
    assert world["owner"].client().post(f"{_people(world)}{viewer.user.public_id}/end/").status_code == 302
    assert token.client().get(path).status_code == 404
    assert viewer.client().get(_people(world)).status_code == 404
    event = AuditEvent.objects.get(action="member.removed")
    assert (event.before, event.authority) == ({"role": "viewer"}, world.home)


def test_one_leaves_by_oneself(world: World) -> None:
    viewer = world["viewer"]
    end_membership(authority=world.home, user=viewer.user, by=viewer.actor)
    with pytest.raises(NotFound):
        end_membership(authority=world.home, user=viewer.user, by=viewer.actor)


def test_who_sees_and_who_invites(world: World) -> None:
    body = {"email": NEW, "role": "viewer"}
    for who, seen, done in (
        ("owner", 200, 302), ("viewer", 200, 403), ("stranger", 404, 404), ("nobody", 404, 404),
        ("operator", 200, 403), ("approver", 200, 403), ("auditor", 200, 403), ("administrator", 200, 403),
        ("anonymous", 302, 302),
    ):  # fmt: skip
        client = world[who].client()
        assert client.get(_people(world)).status_code == seen, who
        assert client.post(_people(world), body).status_code == done, who
    assert Invitation.objects.count() == 1


def test_one_person_of_the_region_cannot_make_oneself_owner(world: World) -> None:
    """It takes two, and a hand-over; while nobody has ever owned it, one operator brings in the first owner."""
    for who in ("operator", "administrator"):
        with pytest.raises(Forbidden):
            invite(authority=world.home, email=f"{who}@region.example", role="owner", by=world[who].actor)
    empty = register_authority(details=details(40), by=world["operator"].actor)
    assert invite(authority=empty, email=NEW, role="owner", by=world["operator"].actor).role == "owner"


def test_a_role_that_there_is_not_is_refused_by_field(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        invite(authority=world.home, email=NEW, role="king", by=world["owner"].actor)
    assert set(refused.value.errors) == {"role"}
    assert world["owner"].client().post(_people(world), {"email": "x", "role": "king"}).status_code == 400


def test_the_api_invites_lists_withdraws_changes_and_ends(world: World, mailbox: Mailbox) -> None:
    client = world["owner"].with_token("authorities:read", "authorities:write").client()
    base = f"{API}/authorities/{world.home.public_id}"
    made = client.post(f"{base}/invitations/", {"email": NEW, "role": "viewer"}, format="json")
    assert (made.status_code, made.json()["state"]) == (201, "waiting")
    assert made["Location"].endswith(f"/invitations/{made.json()['id']}/")
    mailing.tick()
    _join(mailbox.link_to(NEW))
    assert client.get(f"{base}/invitations/").json()["items"][0]["state"] == "accepted"
    person = User.objects.get(email=NEW).public_id
    changed = client.patch(f"{base}/members/{person}/", {"role": "operator"}, format="json")
    assert (changed.status_code, changed.json()["role"]) == (200, "operator")
    assert client.delete(f"{base}/members/{person}/").status_code == 204
    assert client.delete(f"{base}/members/{person}/").status_code == 404
    second = client.post(f"{base}/invitations/", {"email": NEW, "role": "viewer"}, format="json").json()["id"]
    assert client.delete(f"{base}/invitations/{second}/").status_code == 204
    assert client.delete(f"{base}/invitations/{second}/").status_code == 409


@pytest.mark.parametrize("field", ["state", "accepted_at", "replaces_owners", "invited_by", "secret_hash", "id"])
def test_what_a_client_cannot_write_is_refused_by_name(world: World, field: str) -> None:
    """T15."""
    path = f"{API}/authorities/{world.home.public_id}/invitations/"
    body = {"email": NEW, "role": "viewer", field: "x"}
    refused = world["owner"].client().post(path, body, format="json")
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {field})
    plain = world["owner"].client().post(_people(world), body)
    assert plain.status_code == 302, "a form has no such field"
    row = Invitation.objects.get()
    assert (row.accepted_at, row.replaces_owners, row.secret_hash) == (None, False, "")
    assert row.invited_by == world["owner"].user


def test_no_list_of_people_names_a_foreign_person(world: World, mailbox: Mailbox) -> None:
    """T13b."""
    world["stranger"].client().post(
        f"/authorities/{world.other.public_id}/people/", {"email": "canarino@altro.example", "role": "viewer"}
    )
    User.objects.filter(pk=world["stranger"].user.pk).update(full_name="Canarino Straniero")
    home, other = (f"{API}/authorities/{one.public_id}" for one in (world.home, world.other))
    for who in ("owner", "viewer", "nobody", "narrowed_token", "scoped_token"):
        client = world[who].client()
        for path in (
            f"{home}/members/", f"{home}/invitations/", f"{other}/members/", f"{home}/mandates/", _people(world),
            "/people/", "/tokens/", "/tokens/new/",
        ):  # fmt: skip
            assert "canarino" not in client.get(path, follow=True).content.decode().lower(), (who, path)


def html(answer: Any) -> str:
    import html as library

    return library.unescape(answer.content.decode())
