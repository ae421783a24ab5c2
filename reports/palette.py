"""The colours of the plots: each is drawn as a fixed value, and on the page follows the light or dark style sheet."""

from __future__ import annotations

from typing import Final

INK: Final = "#1c2127"
MUTED: Final = "#5c6670"
GRID: Final = "#dfe3e7"
PAPER: Final = "#fefefe"
FRONT: Final = "#0b5cad"
DOMINATED: Final = "#6b7785"
INFEASIBLE: Final = "#b3401f"

VARIABLES: Final = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    PAPER: "var(--paper)",
    FRONT: "var(--front)",
    DOMINATED: "var(--dominated)",
    INFEASIBLE: "var(--infeasible)",
}
"""What stands for each colour in `templates/report.css`."""
