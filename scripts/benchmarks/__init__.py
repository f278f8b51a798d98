"""What `make bench` measures: one module for each section, and the parts that they share."""
