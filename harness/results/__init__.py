"""Stage 6, records: what a case gave, kept on disk and read back."""
