"""The page for many authorities: nothing is written before the second click."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tenants.models import LocalAuthority
from tests.elaastic.api.test_api_onboarding import SHEET
from tests.elaastic.views.pages import Pages, words

PATH = "/onboarding/"


def send(pages: Pages, content: bytes, who: str = "operator") -> Any:
    return pages.client(who).post(PATH, {"sheet": SimpleUploadedFile("comuni.csv", content)})


def some(lines: int) -> str:
    return "\n".join(SHEET.read_text(encoding="utf-8").splitlines()[: lines + 1])


def test_a_sheet_is_shown_first_and_carried_out_after(pages: Pages) -> None:
    before = LocalAuthority.objects.count()
    text = some(3) + "\nComune di Errore,comune,c_errore,12345678901,042001,AN,x,,,,,,,"
    seen = send(pages, text.encode())
    said = words(seen)
    assert "3 da registrare, 0 già noti, 1 con qualcosa da correggere" in said
    assert "Registra 3 enti" in said
    assert LocalAuthority.objects.count() == before
    done = words(pages.post("operator", PATH, {"text": seen.context["text"], "step": "send"}))
    assert "3 registrati, 0 già noti, 1 rifiutati." in done
    assert LocalAuthority.objects.count() == before + 3
    again = words(pages.post("operator", PATH, {"text": seen.context["text"], "step": "send"}))
    assert "0 registrati, 3 già noti, 1 rifiutati." in again


def test_a_file_that_is_no_sheet_is_refused_in_words(pages: Pages) -> None:
    for content, said in (
        (b"", "Il file inviato è vuoto."),
        (b"\xff\xfe\x00", "Il file non è in UTF-8"),
        (b"name,colour\nx,y", "colour: Questa colonna non esiste."),
        (b"x" * (1024 * 1024 + 1), "Il file supera 1 MiB."),
    ):
        answer = send(pages, content)
        assert answer.status_code == 400
        assert said in words(answer)
    assert "Scegli un file." in words(pages.post("operator", PATH, {}))


def test_only_operators_see_it(pages: Pages) -> None:
    assert pages.get("operator", PATH).status_code == 200
    for who in ("owner", "approver", "auditor"):
        assert pages.get(who, PATH).status_code in (302, 403, 404), who
