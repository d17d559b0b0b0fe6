"""OpenStack: projects, quotas, networks and servers. Not in this release; no level uses it."""
