"""Tables as Markdown."""

from __future__ import annotations

import pandas as pd


def markdown_table(table: pd.DataFrame) -> str:
    """Return a table of formatted text as Markdown, without its index."""
    lines = [table.columns, ["---"] * len(table.columns), *table.to_numpy()]
    cells = [[str(cell).replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
