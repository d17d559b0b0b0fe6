"""Pages: function views that call one service or a few selectors, and show what came of it as sentences."""
