"""What provisioning tells us. A signal may be lost: whatever it starts is computed again from rows."""
