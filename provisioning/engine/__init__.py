"""Claims, plans and the reconcile loop: observe, decide, act, and look again."""
