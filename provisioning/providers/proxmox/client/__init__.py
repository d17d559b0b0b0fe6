"""The only modules of this provider that import an SDK."""
