"""Ceph: an authority's RGW tenant and what is in it."""
