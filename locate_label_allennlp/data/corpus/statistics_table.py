"""Draws the statistics of one or several corpora as a table of text."""

from typing import Callable, Dict, Iterator, List, Tuple

from locate_label_allennlp.common.length_buckets import LengthBuckets
from locate_label_allennlp.data.corpus.statistics import (
    CorpusStatistics,
    Longest,
    merged,
    share,
)

LongestOf = Callable[[CorpusStatistics], Longest]
Row = Tuple[str, Callable[[CorpusStatistics], str]]

# With more, only all of them together.
MOST_COLUMNS = 5
MOST_CHARACTERS = 100


def statistics_table(corpora: Dict[str, CorpusStatistics], buckets: LengthBuckets) -> str:
    """
    # Parameters

    corpora : `Dict[str, CorpusStatistics]`
        By name; the names head the columns.
    buckets : `LengthBuckets`

    # Returns

    `str`
        Lines without an end at the last one: a column a corpus and, if there are several, one for
        all of them together. Below, the longest sentence and the longest entity of all.
    """
    total = merged(corpora.values())
    columns = {} if len(corpora) > MOST_COLUMNS else dict(corpora)
    if len(columns) != 1:
        columns[f"all {len(corpora)} files"] = total
    lines = [["", *columns]]
    for name, cell in _rows(total, buckets):
        lines.append([name, *(cell(each) for each in columns.values())])
    longest: List[Tuple[str, LongestOf]] = [
        ("longest sentence", lambda each: each.longest_sentence),
        ("longest entity", lambda each: each.longest_entity),
    ]
    return "\n".join([aligned(lines), "", *(_longest(name, of(total)) for name, of in longest)])


def aligned(lines: List[List[str]]) -> str:
    """Cells in columns, the first to the left, the others to the right; an empty line stays one."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _rows(total: CorpusStatistics, buckets: LengthBuckets) -> Iterator[Row]:
    """What to print of each corpus; the types and depths are those of all corpora together."""
    yield "documents", lambda each: f"{each.documents:,}"
    yield "sentences", lambda each: f"{each.sentences:,}"
    yield "tokens", lambda each: f"{each.tokens:,}"
    yield "tokens a sentence", lambda each: f"{share(each.tokens, each.sentences):.2f}"
    yield "entities", lambda each: f"{each.entities:,}"
    yield "  contiguous", lambda each: f"{each.entities - each.discontinuous:,}"
    yield "  discontinuous", lambda each: f"{each.discontinuous:,}"
    yield "entities a sentence", lambda each: f"{share(each.entities, each.sentences):.2f}"
    yield "  at most", lambda each: f"{each.most_entities:,}"
    yield "words an entity", lambda each: f"{each.mean_entity_length:.2f}"
    yield from _section("by type")
    for label, _ in total.types.most_common():
        yield f"  {label}", lambda each, label=label: _part(each.types[label], each)  # type: ignore
    yield from _section("by length in words")
    for length in total.by_length():
        yield f"  {length}", lambda each, key=length: _part(each.by_length()[key], each)  # type: ignore
    yield from _section("in the buckets of scores")
    for name in buckets.names:
        yield f"  {name}", lambda each, name=name: _part(each.by_bucket(buckets)[name], each)  # type: ignore
    yield from _section("nesting")
    yield "  inside a larger entity", lambda each: _part(each.inner, each)
    yield "  nested", lambda each: _part(each.nested, each)
    yield "  sentences with nesting", lambda each: _part_of(each.nested_sentences, each.sentences)
    for depth in sorted(total.depths):
        yield f"  at depth {depth}", lambda each, depth=depth: _part(each.depths[depth], each)  # type: ignore
    yield "  spans with several types", lambda each: f"{each.same_span:,}"
    yield "  pairs that cross", lambda each: f"{each.crossing:,}"


def _section(title: str) -> Iterator[Row]:
    yield "", lambda each: ""
    yield title, lambda each: ""


def _part(count: int, statistics: CorpusStatistics) -> str:
    return _part_of(count, statistics.entities)


def _part_of(count: int, whole: int) -> str:
    return f"{count:,}  {share(count, whole):6.1%}"


def _longest(name: str, longest: Longest) -> str:
    if not longest.words:
        return f"{name}: none"
    text = longest.text
    if len(text) > MOST_CHARACTERS:
        text = text[: MOST_CHARACTERS - 4] + " ..."
    return f"{name}: {longest.words:,} words, {longest.source}\n  {text}"
