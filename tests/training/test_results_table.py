import pytest

from locate_label_allennlp.training.results_table import print_results


def group(name, gold, predicted, correct):
    precision = correct / predicted if predicted else 0.0
    recall = correct / gold if gold else 0.0
    total = precision + recall
    return {
        f"{name}/precision": precision,
        f"{name}/recall": recall,
        f"{name}/f1": 2 * precision * recall / total if total else 0.0,
        f"{name}/gold": gold,
        f"{name}/predicted": predicted,
        f"{name}/correct": correct,
    }


METRICS = {
    "micro_precision": 0.6,
    "micro_recall": 0.75,
    "micro_f1": 2 / 3,
    "macro_precision": 0.3,
    "macro_recall": 0.4,
    "macro_f1": 0.35,
    "seed_recall": 0.975,
    "filter_loss": 0.12345,
    "loss": 1.5,
    **group("type/ORG", 3, 0, 0),
    **group("type/PER", 1_001, 1_254, 752),
    **group("type/LOC", 0, 2, 0),
    **group("length/1-4", 1_000, 1_200, 700),
    **group("length/10+", 4, 56, 52),
    **group("nested_entities", 4, 6, 2),
    **group("boundaries", 1_004, 1_256, 800),
}


def rows(output):
    return [" ".join(line.split()) for line in output.splitlines() if line.strip()]


@pytest.fixture(autouse=True)
def piped(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)


def test_scores_of_every_group(capsys):
    print_results(METRICS, "Results on corpus.jsonl")
    output = capsys.readouterr().out
    assert max(map(len, output.splitlines())) <= 80
    lines = rows(output)
    assert lines[0] == "Results on corpus.jsonl"
    assert lines[1] == "precision recall F1 gold predicted correct"
    assert "all entities 60.0 75.0 66.7 1,004 1,256 752" in lines
    assert "mean of types 30.0 40.0 35.0" in lines
    assert "10+ words 92.9 1300.0 173.3 4 56 52" in lines
    assert "nested entities 33.3 50.0 40.0 4 6 2" in lines
    assert "97.5 is the highest recall possible after the stage seed" in lines
    assert lines[-2:] == ["filter loss 0.1235", "loss 1.5"]


def test_types_by_their_number_and_no_0_where_nothing_is_divided(capsys):
    print_results(METRICS)
    names = ("PER", "ORG", "LOC")
    types = [line for line in rows(capsys.readouterr().out) if line.split()[0] in names]
    assert types == [
        "PER 60.0 75.1 66.7 1,001 1,254 752",
        "ORG - 0.0 0.0 3 0 0",
        "LOC 0.0 - 0.0 0 2 0",
    ]


def test_long_names_of_types_are_not_cut(capsys):
    name = "a_type_" * 12
    print_results({**METRICS, **group(f"type/{name}", 5, 5, 5)})
    output = capsys.readouterr().out
    assert max(map(len, output.splitlines())) <= 80
    assert name in "".join(line.split()[0] for line in output.splitlines() if "a_ty" in line)


def test_given_mentions(capsys):
    print_results({"oracle_span_accuracy": 0.9, "oracle_span_f1": 0.947, "loss": 0.25})
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("90.0 % of the given mentions have the right type (F1 94.7; not")
    assert last == "loss 0.25"
