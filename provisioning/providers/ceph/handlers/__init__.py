"""The literal registry of what this provider makes."""
