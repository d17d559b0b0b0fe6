"""What the pure catalogue cannot say in the reader's language: priced items, reasons of an advice, and what does
not fit in a recovery plan.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

PRICED: Final[Mapping[str, str | Promise]] = {
    "subscription": gettext_lazy("Subscription"),
    "storage_gib": gettext_lazy("Space, for each GiB on each site"),
    "reserve_vcpu": gettext_lazy("Processors in reserve, each"),
    "reserve_ram_gib": gettext_lazy("Memory in reserve, for each GiB"),
    "replication_gib": gettext_lazy("Replication, for each GiB"),
    "node": gettext_lazy("Nodes looked after, each"),
}

# Why an image was refused, and what to do about it; the reasons are those of provisioning.operations.images.
IMAGES: Final[Mapping[str, str | Promise]] = {
    "Empty": gettext_lazy("The file is empty: look at what the export said, then upload it again."),
    "UnknownFormat": gettext_lazy(
        "It is none of the formats that are taken: qcow2, raw with a partition table, vmdk, ova, vma. Export it in "
        "one of them, not compressed from outside."
    ),
    "Ambiguous": gettext_lazy(
        "It is several formats at once, which no honest tool makes: find out who made it, and export it anew."
    ),
    "BackingFile": gettext_lazy("It needs another file, its backing file: export the whole disk into one file."),
    "ExternalData": gettext_lazy("Its data lie in another file: export the whole disk into one file."),
    "Encrypted": gettext_lazy(
        "It is encrypted, and nobody here has the key: export the disk in the clear. In the archive it is as safe "
        "as your other copies."
    ),
    "Unsafe": gettext_lazy("It asks for what would not be safe to do: export it anew, with usual settings."),
    "TooLarge": gettext_lazy(
        "The disk in it is larger than was agreed for this machine: change the terms, and it is looked at again."
    ),
    "TooManyDisks": gettext_lazy("It holds more than 32 disks: export those that the machine needs."),
    "NoDisk": gettext_lazy("There is no disk in it: settings alone start no machine. Export the disks too."),
    "Damaged": gettext_lazy("It is cut off or damaged: upload it again, and look at what the export said."),
    "Uninspectable": gettext_lazy(
        "It could not be looked at within the limits, three times: export it anew; if that does not help, write to "
        "the region."
    ),
    "WorkerLost": gettext_lazy(
        "Whoever looked into it was ended by it, again and again. Write to the region, which looks at why; "
        "meanwhile export it anew, in another of the formats that are taken."
    ),
}

ADVICE: Final[Mapping[str, str | Promise]] = {
    "saas_no_servers": gettext_lazy(
        "You have no server of your own, and your authority is small: programs used as a service (SaaS) spare you "
        "one, and whoever runs them makes their copies."
    ),
    "saas_nobody_looks_after": gettext_lazy(
        "Nobody in your small authority looks after a server. Programs used as a service (SaaS) come with somebody "
        "who does."
    ),
    "saas_too_small": gettext_lazy(
        "To start machines elsewhere after a disaster takes care that an authority of your size cannot give. "
        "Programs used as a service (SaaS) need none of it."
    ),
    "copies_suffice": gettext_lazy(
        "You can wait for days, and lose a day's work at most: copies in another town, made by the programs that "
        "you have, are enough."
    ),
    "machines_must_start_elsewhere": gettext_lazy(
        "Your virtual machines must run again within a day. When the town hall is gone there is no time to find "
        "others: a reserve in the region's cloud starts them."
    ),
    "files_come_back_from_copies": gettext_lazy(
        "You are in a hurry, and it is files that you need: they come back from frequent copies in hours, without "
        "machines in reserve."
    ),
    "daily_copies_lose_too_much": gettext_lazy(
        "You can lose an hour's work at most. Copies once a day lose more: an appliance that sends only what "
        "changed keeps the region in step."
    ),
    "room_must_be_renewed": gettext_lazy(
        "Your server room has to be renewed in any case: a stack that was tried out comes with its migration and "
        "training."
    ),
    "copies_meanwhile": gettext_lazy(
        "Until then, and for whatever stays at the town hall, level 1 keeps copies in another town."
    ),
}

# Faults of a plan that is being saved, and why one that was saved does not fit any more; `levels.recovery`.
PLAN_FINDINGS: Final[Mapping[str, str | Promise]] = {
    "machine_unknown": gettext_lazy("“%(about)s” is no machine of the subscription."),
    "machine_twice": gettext_lazy("“%(about)s” starts twice: it can be in one group only."),
    "group_empty": gettext_lazy("This group starts no machine, and nobody has anything to do in it: remove it."),
    "machine_in_no_group": gettext_lazy("“%(about)s” is in no group: nobody would start it."),
    "machine_without_check": gettext_lazy("“%(about)s” has no check: nobody would know whether it works."),
    "check_for_stateless": gettext_lazy(
        "“%(about)s” starts on OpenStack, where nothing reaches into an isolated network: only its console is read."
    ),
    "check_for_stateful": gettext_lazy(
        "“%(about)s” starts on Proxmox: the agent inside it is asked, and no console is read."
    ),
    "lan_moved": gettext_lazy("The machines' addresses are others since: %(about)s."),
    "not_tried": gettext_lazy(
        "A drill has been due since %(about)s, and none has passed: nobody knows whether this plan still works."
    ),
    "reserve_moved": gettext_lazy("The machines start on another site since: %(about)s."),
}
