"""The simulated region's OpenStack: Keystone, Glance, Neutron and Nova, as much of them as the portal calls.

It answers as the lab's real OpenStack 2026.1 answers: the same tests run on both, so that what differs is red
(`tests/provisioning/providers/openstack`). It stands in the same process and the same database as the simulated
Ceph, on a port of its own: `/identity/v3`, `/image`, `/network`, `/compute/v2.1`. One module an area; a service's
own way of listing, paging and refusing is in `keystone.py`, `neutron.py`, `nova.py`, `glance.py`.

What takes its time in a real cloud takes a moment here (`things.MOMENT_S`): an import, a machine that is built,
started, stopped or removed. Nothing runs in the background: each thing says when it is due and for what, and every
call first does what is due (`moments.py`), so that a restart forgets nothing.

A machine boots what its image says (`content.py`). Each line `SIMULATED-CONSOLE: some text` anywhere in the image's
bytes is printed to its console a moment after it started, then `<name> login:`. An image that begins like no disk
that boots (qcow2, VMDK, VDI, an ISO, or a boot sector's 55 AA at byte 510) runs as a machine, says that nothing in
it is bootable, and never gets to those lines or to its login.

Not here: Placement (the portal never calls it; Nova's choice of a host looks at the machines themselves), Cinder,
floating IPs, aggregates, and every call that neither the portal nor its tests make: 501.
"""
