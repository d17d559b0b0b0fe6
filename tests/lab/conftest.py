"""The real systems, for every test of this folder and below."""

from lab.fixtures import ceph_lab, openstack_lab, postgres_lab, redis_lab

__all__ = ["ceph_lab", "openstack_lab", "postgres_lab", "redis_lab"]
