"""What instructions cost: static rules for each core, applied to one basic block at a time."""
