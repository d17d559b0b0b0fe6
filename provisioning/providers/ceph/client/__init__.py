"""The only place that speaks to a Ceph cluster; its SDKs are imported at the first call, never before."""
