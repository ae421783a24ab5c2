"""Commands of `harness` that have more to them than a few lines: like `cli`, they see all stages and hold no logic."""
