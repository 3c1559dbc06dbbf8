"""The tables of the page."""

from typing import Any, Dict, List, Union

from allennlp.common.util import JsonDict

from locate_label_allennlp.report.markup import Cell, Group, Row, counted, percent, table

# What the page calls stages and origins.
NAMES = {
    "discontinuous": "In several fragments",
    "seed": "Seeds",
    "filter": "Filter",
    "boundary": "Boundary",
    "none": "No entity",
    "type": "Type",
    "score": "Score",
    "nms": "Decoder",
    "inside": "Inside a gold one",
    "around": "Around a gold one",
    "crossing": "Crossing a gold one",
    "nothing": "Nothing there",
}

_GROUPS = {
    "nested_entities": "nested entities",
    "flat_entities": "flat entities",
    "nested_sentences": "sentences with nesting",
    "flat_sentences": "sentences without",
}


def scores_table(scores: JsonDict) -> str:
    """Precision, recall, F1 and counts of each group of entities."""
    rows: List[Union[Row, Group]] = [_score_row("all (micro)", scores["micro"])]
    macro = scores["macro"]
    mean = [percent(macro[name]) for name in ("precision", "recall", "f1")]
    rows.append(["mean of the types (macro)", *mean, "", "", ""])
    rows.append(_score_row("boundaries only", scores["boundaries"]))
    rows.append(Group("By nesting"))
    rows += [_score_row(shown, scores[group]) for group, shown in _GROUPS.items()]
    for prefix, title in (("length/", "By length in words"), ("type/", "By type")):
        groups = [group for group in scores if group.startswith(prefix)]
        if prefix == "type/":
            groups.sort(key=lambda group: -scores[group]["gold"])
        rows.append(Group(title))
        rows += [_score_row(group.removeprefix(prefix), scores[group]) for group in groups]
    head = ["entities", "P", "R", "F1", "gold", "found", "right"]
    return table(head, rows, "Precision, recall and F1 in percent, and counts")


def _score_row(name: str, scores: JsonDict) -> Row:
    f1 = Cell(percent(scores["f1"]), "bar", scores["f1"])
    counts = [counted(scores[key]) for key in ("gold", "predicted", "correct")]
    return [name, *precision_and_recall(scores), f1, *counts]


def precision_and_recall(scores: JsonDict) -> List[str]:
    """In percent; empty where there is nothing that they could be a share of."""
    wholes = {"precision": "predicted", "recall": "gold"}
    return [percent(scores[name]) if scores[whole] else "" for name, whole in wholes.items()]


def kinds_table(rows: List[Dict[str, Any]], key: str, whole: int, of: str) -> str:
    """
    How many entities each stage lost, or come from each origin.

    # Parameters

    key : `str`
        `stage` or `origin`.
    whole : `int`
        Of how many entities in all the last column gives the share.
    of : `str`
        What these are called.
    """
    total = sum(row["count"] for row in rows)
    lines: List[Row] = [
        [
            NAMES[row[key]],
            Cell(counted(row["count"])),
            Cell(percent(_share(row["count"], total)), "bar", _share(row["count"], total)),
            percent(_share(row["count"], whole)),
            Cell(row["meaning"], "text"),
        ]
        for row in rows
    ]
    lines.append(["all", counted(total), "", percent(_share(total, whole)), Cell("", "text")])
    head = [key, "entities", "% of these", f"% of {of}", ""]
    return table(head, lines, f"Entities by {key}", "counts")


def kinds_by_type(rows: List[Dict[str, Any]], key: str) -> str:
    """The same by type, a row a type."""
    types = sorted({label for row in rows for label in row["by_type"]})
    totals = {label: sum(row["by_type"][label] for row in rows) for label in types}
    if not types:
        return ""
    lines = [
        [
            label,
            counted(totals[label]),
            *(
                Cell(counted(row["by_type"][label]), "", _share(row["by_type"][label], total) / 2)
                for row in rows
            ),
        ]
        for label, total in sorted(totals.items(), key=lambda item: -item[1])
    ]
    head = ["type", "all", *(NAMES[row[key]].lower() for row in rows)]
    return table(head, lines, f"Entities by type and {key}", "heat")


def confusion_table(confusion: JsonDict) -> str:
    """A row a gold type, a column a found type."""
    types, counts = confusion["types"], confusion["counts"]
    lines = [
        [
            name,
            *(
                # There are no entities that neither side has.
                Cell("" if row is counts[-1] and column == len(types) else counted(count), "", tint)
                for column, (count, tint) in enumerate(zip(row, _tints(row), strict=True))
            ),
        ]
        for name, row in zip([*types, "no gold partner"], counts, strict=True)
    ]
    told = (
        "<p>Gold and found entities with the same boundaries, paired one with one: first those of "
        "the same type. A row is a gold type, a column the type that was found; the last row are "
        "found entities without a gold partner, the last column gold entities without a found "
        "one.</p>"
    )
    head = ["gold \\ found", *types, "no found partner"]
    return told + table(head, lines, "Gold types against found types", "heat")


def _tints(row: List[int]) -> List[float]:
    """Strongest for the largest share of a row, and never so strong that text is hard to read."""
    return [_share(count, sum(row)) / 2 for count in row]


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
