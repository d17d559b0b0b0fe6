"""The only place that speaks to an OpenStack; its SDK is imported at the first call, never before."""
