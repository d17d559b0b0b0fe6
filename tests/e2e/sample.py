"""Invented content for the page of all the parts."""

from datetime import datetime, timedelta
from typing import Any

from django import forms


class SampleForm(forms.Form):
    """One field of each look."""

    email = forms.EmailField(label="Indirizzo PEC", help_text="Quello pubblicato nell'Indice PA.")
    quota = forms.IntegerField(label="Spazio", min_value=1, help_text="Comprende le versioni nascoste.")
    sites = forms.ChoiceField(label="Numero di siti", choices=[("1", "Uno"), ("3", "Tre")])
    notes = forms.CharField(label="Note", widget=forms.Textarea, required=False)
    protocols = forms.MultipleChoiceField(
        label="Protocolli",
        choices=[("s3", "S3"), ("sftp", "SFTP"), ("webdav", "WebDAV")],
        widget=forms.CheckboxSelectMultiple,
        help_text="Come i vostri programmi scriveranno le copie.",
    )
    level = forms.ChoiceField(
        label="Livello", choices=[("1", "Base"), ("2", "Intermedio")], widget=forms.RadioSelect, initial="1"
    )
    immutable = forms.BooleanField(
        label="Copie immutabili", required=False, help_text="Nessuno può cancellarle prima del termine."
    )


def sample_context(now: datetime) -> dict[str, Any]:
    """What the fragments ask for, as their first lines document it."""
    states = ["pending", "progressing", "ready", "drifted", "blocked", "failed", "retained", "gone"]
    return {
        "nav_items": [
            {"url": "/", "label": "Cruscotto", "current": False},
            {"url": "/parts/", "label": "Richieste", "current": True},
            {"url": "/privacy/", "label": "Capacità", "current": False},
            {"url": "/contacts/", "label": "Registro degli atti", "current": False},
        ],
        "person_name": "Giovannella Mastrangelo-Bartolini",
        "person_role": "Unione montana del Catria e Nerone, responsabile",
        "crumbs": [{"url": "/", "label": "Cruscotto"}, {"url": "/parts/", "label": "Richieste"}],
        "actions": [
            {"url": "/", "label": "Nuova richiesta", "primary": True},
            {"url": "/", "label": "Scarica CSV"},
        ],
        "steps": ["Ente", "Livello", "Termini", "Riepilogo"],
        "states": states,
        "blocked_message": "Ceph di Pesaro non risponde: riproviamo da soli ogni quarto d'ora.",
        "entries": [
            {"at": now, "text": "L'archivio «protocollo» è pronto.", "tone": "good", "who": ""},
            {
                "at": now - timedelta(minutes=4),
                "text": "La richiesta è stata approvata.",
                "tone": "info",
                "who": "A. Rossi",
            },
            {
                "at": now - timedelta(hours=3),
                "text": "Il sito di Ancona non rispondeva.",
                "tone": "warn",
                "who": "",
            },
            {"at": now - timedelta(days=1), "text": "La creazione è stata rifiutata.", "tone": "bad", "who": ""},
        ],
        "config": "[mcloud]\ntype = s3\nprovider = Ceph\nendpoint = https://s3.mcloud.example/a-long-address\n",
        "now": now,
    }
