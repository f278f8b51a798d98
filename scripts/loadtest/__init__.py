"""What scripts/soak and scripts/scale-compare run: one module for each part."""
