"""Ceph: RADOS Gateway tenants, users, keys and buckets; the cluster's health and capacity by site."""
