"""A real OpenStack on this machine: Keystone, Placement, Glance, Neutron and Nova, as they come from PyPI."""
