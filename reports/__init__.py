"""What turns the records of a run into pages: one HTML file, and the same as text for a terminal."""

from reports.html import write_report
from reports.text import summary_text

__all__ = ["summary_text", "write_report"]
