"""Who: local authorities, people, roles, tokens and the trail of what people did."""
