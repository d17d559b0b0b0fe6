"""What is measured, and against what. Figures are ratios against a peer or a limit in the same run."""
