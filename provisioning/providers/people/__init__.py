"""Work that humans do, as checklist items. Not in this release; no level uses it."""
