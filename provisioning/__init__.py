"""How the clouds are made to agree with what people decided: by looking before acting, every time."""
