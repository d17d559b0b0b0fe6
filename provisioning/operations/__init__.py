"""One-shot work with an end and with evidence: what is asked for, runs through stages, and changes no manifest."""
