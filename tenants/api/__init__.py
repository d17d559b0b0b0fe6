"""The REST API: what clients are promised."""
