"""One file a kind: observe, create, update, delete."""
