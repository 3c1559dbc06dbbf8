from locate_label_allennlp.common.length_buckets import LengthBuckets
from locate_label_allennlp.data.corpus.statistics import CorpusStatistics, corpus_statistics
from locate_label_allennlp.data.corpus.statistics_table import aligned, statistics_table
from locate_label_allennlp.data.document import Document, Entity, Sentence

TARN = Document(
    (
        Sentence(
            ("The", "mayor", "of", "Old", "Tarn", "left"),
            (Entity(0, 5, "ROLE"), Entity(3, 5, "PLACE")),
            source="tarn.jsonl:7",
        ),
    )
)


def table_of(corpora: dict[str, CorpusStatistics]) -> str:
    return statistics_table(corpora, LengthBuckets())


def rows(table: str) -> dict[str, list[str]]:
    split = [line.split("  ") for line in table.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in split]
    return {line[0]: line[1:] for line in cells if line}


def test_one_corpus_has_one_column() -> None:
    table = table_of({"tarn": corpus_statistics([TARN])})
    assert table.splitlines()[0].split() == ["tarn"]
    found = rows(table)
    assert found["sentences"] == ["1"]
    assert found["tokens a sentence"] == ["6.00"]
    assert found["entities a sentence"] == ["2.00"]
    assert found["at most"] == ["2"]
    assert found["words an entity"] == ["3.50"]
    assert found["PLACE"] == ["1", "50.0%"]
    assert found["5-9"] == ["1", "50.0%"]
    assert found["inside a larger entity"] == ["1", "50.0%"]
    assert found["nested"] == ["2", "100.0%"]
    assert found["sentences with nesting"] == ["1", "100.0%"]
    assert found["at depth 2"] == ["1", "50.0%"]
    assert table.endswith("longest entity: 5 words, tarn.jsonl:7\n  The mayor of Old Tarn")


def test_several_corpora_have_a_column_each_and_one_for_all() -> None:
    table = table_of({"a": corpus_statistics([TARN]), "b": CorpusStatistics()})
    assert table.splitlines()[0].split("  ")[-1] == "all 2 files"
    assert rows(table)["entities"] == ["2", "0", "2"]


def test_many_corpora_are_shown_together() -> None:
    table = table_of({str(n): corpus_statistics([TARN]) for n in range(1200)})
    assert table.splitlines()[0].strip() == "all 1200 files"
    assert rows(table)["sentences"] == ["1,200"]


def test_an_empty_corpus() -> None:
    table = table_of({"none": CorpusStatistics()})
    assert table.endswith("longest sentence: none\nlongest entity: none")


def test_a_long_sentence_is_cut() -> None:
    long = Document((Sentence(("word",) * 500, source="x:1"),))
    last = table_of({"x": corpus_statistics([long])}).splitlines()[-2]
    assert last.endswith("word w ...")
    assert len(last) <= 102


def test_cells_are_aligned() -> None:
    assert aligned([["", "n"], ["long name", "1"], ["", ""], ["x", "100"]]) == (
        "             n\nlong name    1\n\nx          100"
    )
