"""The language of provisioning: plain values, no Django, no network."""
