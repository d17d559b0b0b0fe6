"""The people and bodies of the demo, created through the same services as real ones.

All are invented: the addresses are `.example`, the names are nobody's, the codes only check out.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from django.contrib.auth.hashers import make_password

from tenants.models import (
    Actor,
    AuthorityKind,
    LocalAuthority,
    MemberRole,
    Membership,
    RegionRole,
    RegionRoleName,
    User,
    UserKind,
)
from tenants.models.codes import check_digit
from tenants.services.authorities import AuthorityDetails, register_authority, verify_authority
from tenants.services.people import (
    add_member,
    add_person,
    appoint_first_administrator,
    grant_region_role,
)

DEMO_PASSWORD: Final = "elaastic-demo-2026"  # noqa: S105 - documented on purpose; only where settings.DEMO
ADMIN: Final = "admin@region.example"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Who, and what they do at the region (nothing: they belong to an authority)."""

    email: str
    full_name: str
    role: str = ""
    kind: str = UserKind.PERSON


PEOPLE: Final = (
    DemoPerson(ADMIN, "Ada Amministratrice", RegionRoleName.ADMINISTRATOR),
    DemoPerson("operator@region.example", "Olmo Operatore", RegionRoleName.OPERATOR),
    DemoPerson("approver@region.example", "Alba Approvatrice", RegionRoleName.APPROVER),
    DemoPerson("auditor@region.example", "Ugo Revisore", RegionRoleName.AUDITOR),
    DemoPerson("onboarding@region.example", "Onboarding", RegionRoleName.OPERATOR, UserKind.SERVICE),
    DemoPerson("tecnico@comune.example", "Tea Tecnica"),
    DemoPerson("collega@comune.example", "Carlo Collega"),
    DemoPerson("tecnico@altro.example", "Aldo Altrove"),
)


@dataclass(frozen=True, slots=True)
class DemoBody:
    """One invented body; `serial` makes its codes, `lat` and `lon` are degrees somewhere in its province."""

    serial: int
    name: str
    province: str
    istat_code: str
    lat: float
    lon: float
    seismic_zone: int
    population: int
    kind: str = AuthorityKind.COMUNE
    pending: bool = False


HOME: Final = DemoBody(1, "Comune di Demonte Marina", "AN", "042901", 43.61, 13.51, 2, 18_400)
OTHER: Final = DemoBody(2, "Comune di Altrove sul Metauro", "PU", "041902", 43.72, 12.87, 2, 6_150)
REST: Final = (
    DemoBody(3, "Comune di Rocca Finta", "AN", "042903", 43.47, 13.10, 2, 3_120),
    DemoBody(4, "Comune di Castel Provato", "PU", "041904", 43.64, 12.74, 2, 2_480),
    DemoBody(5, "Comune di Borgo Salvato", "MC", "043905", 43.30, 13.45, 2, 11_900),
    DemoBody(6, "Comune di Monte Ripreso", "MC", "043906", 43.09, 13.15, 1, 870),
    DemoBody(7, "Comune di Villa Replica", "FM", "109907", 43.16, 13.72, 2, 5_300),
    DemoBody(8, "Comune di Torre Copia", "AP", "044908", 42.93, 13.88, 2, 9_640),
    DemoBody(9, "Comune di Acqua Specchio", "AP", "044909", 42.77, 13.41, 1, 1_050),
    DemoBody(10, "Provincia di Prova", "AN", "042", 43.62, 13.52, 2, 465_000, AuthorityKind.PROVINCIA),
    DemoBody(
        11, "Unione dei Comuni della Valle Finta", "MC", "", 43.20, 13.30, 2, 21_000,
        AuthorityKind.UNIONE_COMUNI, pending=True,
    ),
    DemoBody(
        12, "Unione montana del Monte Immaginato", "FM", "", 43.00, 13.40, 1, 8_200,
        AuthorityKind.UNIONE_MONTANA, pending=True,
    ),
)  # fmt: skip


def seed_demo() -> list[User]:
    """Create what is missing, leave what is there, return the demo people."""
    people = {person.email: _person(person) for person in PEOPLE}
    operator = Actor(user=people["operator@region.example"], on_behalf_of="demo")
    for body, owner in ((HOME, "tecnico@comune.example"), (OTHER, "tecnico@altro.example")):
        authority = _body(body, Actor(user=people[owner], on_behalf_of="demo"))
        verify_authority(authority=authority, by=operator)
    home = LocalAuthority.objects.get(ipa_code=_ipa_code(HOME))
    owner_of_home = Actor(user=people["tecnico@comune.example"], on_behalf_of="demo")
    if not Membership.objects.filter(user=people["collega@comune.example"], authority=home).exists():
        add_member(authority=home, user=people["collega@comune.example"], role=MemberRole.VIEWER, by=owner_of_home)
    # Without the scope to verify, what the service account registers waits for a person.
    clerk = Actor(
        user=people["onboarding@region.example"],
        scopes=frozenset({"authorities:write"}),
        on_behalf_of="demo",
    )
    for body in REST:
        _body(body, clerk if body.pending else operator)
    return list(people.values())


def _person(person: DemoPerson) -> User:
    user = User.objects.filter(email=person.email).first()
    admin = User.objects.filter(regionrole__role=RegionRoleName.ADMINISTRATOR).order_by("pk").first()
    if user is None and admin is None:
        user = User.objects.create_user(person.email, full_name=person.full_name, kind=person.kind)
        appoint_first_administrator(user=user)
    by = Actor(user=admin or user, on_behalf_of="demo")  # type: ignore[arg-type]  # one of the two exists
    if user is None:
        user = add_person(email=person.email, full_name=person.full_name, kind=person.kind, by=by)
    if person.role and not RegionRole.objects.filter(user=user, role=person.role).exists():
        grant_region_role(user=user, role=person.role, by=by)
    if person.kind == UserKind.PERSON and not user.has_usable_password():
        user.password = _hashed()
        user.save(update_fields=["password"])
    return user


@cache
def _hashed() -> str:
    """Hashing is slow on purpose; of a password that the README tells, once is enough."""
    return make_password(DEMO_PASSWORD)


def _body(body: DemoBody, by: Actor) -> LocalAuthority:
    known = LocalAuthority.objects.filter(ipa_code=_ipa_code(body)).first()
    return known or register_authority(details=_details(body), by=by)


def _ipa_code(body: DemoBody) -> str:
    return f"demo_{body.serial:02d}"


def _details(body: DemoBody) -> AuthorityDetails:
    first_ten = f"{9_900_000_000 + body.serial:010d}"
    slug = _ipa_code(body).replace("_", "")
    return AuthorityDetails(
        name=body.name,
        kind=body.kind,
        ipa_code=_ipa_code(body),
        fiscal_code=first_ten + check_digit(first_ten),
        istat_code=body.istat_code,
        province=body.province,
        pec=f"protocollo@pec.{slug}.example",
        seat_address="Piazza del Municipio 1",
        seat_lat=body.lat,
        seat_lon=body.lon,
        seismic_zone=body.seismic_zone,
        population=body.population,
        security_contact_name="Responsabile per la sicurezza",
        security_contact_phone=f"+39 071 00000{body.serial:02d}",
        security_contact_email=f"sicurezza@{slug}.example",
    )
