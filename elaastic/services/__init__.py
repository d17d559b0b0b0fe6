"""What people do: one transaction, one audit event, one ring each."""
