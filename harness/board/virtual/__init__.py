"""Virtual boards: processes that answer on a pty, a pyOCD probe port and an analyzer port, as silicon does."""
