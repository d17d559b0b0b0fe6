"""Pages about bodies and the people who act for them."""
