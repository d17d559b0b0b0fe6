"""OpenStack: projects and their quotas, networks and what may pass. No level uses it yet."""
