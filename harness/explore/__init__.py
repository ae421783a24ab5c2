"""Stage 7, choice: constraints and Pareto fronts over records."""
