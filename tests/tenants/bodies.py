"""What clients send, valid."""

from typing import Any

from tests.personas import details


def body_of(serial: int, **changed: Any) -> dict[str, Any]:
    """A valid POST."""
    row = details(serial)
    return {
        "name": row.name, "kind": row.kind, "ipa_code": row.ipa_code, "fiscal_code": row.fiscal_code,
        "istat_code": row.istat_code, "province": row.province, "pec": row.pec,
        "seat": {"address": row.seat_address, "lat": row.seat_lat, "lon": row.seat_lon},
        "seismic_zone": row.seismic_zone, "population": row.population, "external_ref": row.external_ref,
        "data_class": "ordinary",
        "security_contact": {"name": "Prima Persona", "phone": "+39 071 123456", "email": "s@p.example"},
        **changed,
    }  # fmt: skip
