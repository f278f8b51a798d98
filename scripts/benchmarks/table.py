"""The table, for the terminal and for the document."""

from statistics import median

HEAD = ["what", "ours", "other", "ratio", "spread", "goal", "met"]


def format_number(value):
    """Three significant digits, and all digits of large numbers."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 or value == 0 else f"{value:.2g}"


def format_amount(value, unit):
    return f"{format_number(value)}{unit}" if unit.startswith("/") else f"{format_number(value)} {unit}"


def format_row(row):
    ratios = row.ratios()
    spread = ratios or row.ours
    met = row.is_met()
    return [
        row.what,
        format_amount(median(row.ours), row.unit),
        f"{format_amount(median(row.other), row.unit)} ({row.other_name})" if row.other else "–",
        format_number(median(ratios)) if ratios else "–",
        f"{format_number(min(spread))} to {format_number(max(spread))}" if len(spread) > 1 else "–",
        row.goal.text if row.has_goal() else "–",
        "–" if met is None else "yes" if met else "no",
    ]


def format_text(sections):
    """The table with aligned columns. `sections` is name -> rows."""
    lines = [HEAD]
    for name, rows in sections.items():
        lines += [[f"== {name}"], *map(format_row, rows)]
    cells = [line for line in lines if len(line) > 1]
    widths = [max(len(line[at]) for line in cells) for at in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def format_markdown(sections):
    """The table in Markdown. `sections` is the title of a section -> rows."""
    lines = [HEAD, ["---"] * len(HEAD)]
    for title, rows in sections.items():
        lines += [[f"**{title}**"] + [""] * (len(HEAD) - 1), *map(format_row, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def list_missed(sections):
    """The rows whose goal is not met, as text."""
    return [f"{row.what}: goal {row.goal.text}, measured {', '.join(format_row(row)[1:4])}"
            for rows in sections.values() for row in rows if row.is_met() is False]
