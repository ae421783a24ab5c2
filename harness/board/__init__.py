"""Stage 4, boards: descriptions, racks, leases, and the probes, consoles and analyzers that reach a board."""
