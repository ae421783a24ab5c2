"""Virtual boards: a process of its own that answers on a pty, a pyOCD probe port and an analyzer port, as silicon does."""
