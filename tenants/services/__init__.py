"""Writing: one transaction and one audit event an act."""
