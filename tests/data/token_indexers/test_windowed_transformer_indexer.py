import pytest
from allennlp.data import Token, Vocabulary
from allennlp.data.token_indexers import PretrainedTransformerMismatchedIndexer

from locate_label_allennlp.data.token_indexers import WindowedTransformerIndexer
from locate_label_allennlp.data.token_indexers import windowed_transformer_indexer as module

WORDS = ["the", "port", "of", "tarn", "was", "ported", "twice", ".", "the", "port", "abc", "x"]


def tokens(words):
    return [Token(word) for word in words]


@pytest.mark.parametrize("encoder", ["tiny_bert", "tiny_roberta"])
def test_pieces_are_those_of_allennlps_indexer(encoder, request):
    folder = request.getfixturevalue(encoder)
    theirs = PretrainedTransformerMismatchedIndexer(folder).tokens_to_indices(
        tokens(WORDS), Vocabulary()
    )
    ours = WindowedTransformerIndexer(folder).tokens_to_indices(tokens(WORDS), Vocabulary())
    assert ours["wordpieces"] == theirs["token_ids"][1:-1]
    assert ours["piece_counts"] == [end - start + 1 for start, end in theirs["offsets"]]
    assert len(ours["piece_counts"]) == len(WORDS)


def test_a_word_has_the_same_pieces_wherever_and_whenever_it_is_met(tiny_bert):
    indexer = WindowedTransformerIndexer(tiny_bert)
    vocab = Vocabulary()
    at_once = indexer.tokens_to_indices(tokens(WORDS), vocab)
    again = indexer.tokens_to_indices(tokens(WORDS), vocab)
    fresh = WindowedTransformerIndexer(tiny_bert)
    one_by_one = [fresh.tokens_to_indices(tokens([word]), vocab) for word in WORDS]
    assert at_once == again
    for name in ("wordpieces", "piece_counts"):
        assert at_once[name] == [number for each in one_by_one for number in each[name]]


def test_nothing_is_cut_off(tiny_bert):
    indexed = WindowedTransformerIndexer(tiny_bert).tokens_to_indices(
        tokens(["abcdef"] * 5000), Vocabulary()
    )
    assert len(indexed["wordpieces"]) == 30000
    assert set(indexed["piece_counts"]) == {6}


def test_a_word_without_pieces_gets_the_unknown_one(tiny_bert):
    indexed = WindowedTransformerIndexer(tiny_bert).tokens_to_indices(
        tokens(["a", "\u200b", "\u6f22", "a\u00a0b"]), Vocabulary()
    )
    # The third is a character outside the vocabulary; the fourth is split in two.
    assert indexed["piece_counts"] == [1, 1, 1, 2]
    assert indexed["wordpieces"][1] == indexed["wordpieces"][2] == 1


def test_the_memory_of_words_is_bounded(tiny_bert, monkeypatch):
    monkeypatch.setattr(module, "_REMEMBERED_WORDS", 3)
    indexer = WindowedTransformerIndexer(tiny_bert)
    expected = WindowedTransformerIndexer(tiny_bert).tokens_to_indices(tokens(WORDS), Vocabulary())
    for word in WORDS:
        indexer.tokens_to_indices(tokens([word]), Vocabulary())
        assert len(indexer._pieces) <= 4
    assert indexer.tokens_to_indices(tokens(WORDS), Vocabulary()) == expected


def test_padding_and_empty_texts(tiny_bert):
    indexer = WindowedTransformerIndexer(tiny_bert)
    assert indexer.get_empty_token_list() == {"wordpieces": [], "piece_counts": []}
    assert indexer.tokens_to_indices([], Vocabulary()) == indexer.get_empty_token_list()
    indexed = indexer.tokens_to_indices(tokens(["port", "of"]), Vocabulary())
    lengths = {"wordpieces": 5, "piece_counts": 4}
    padded = indexer.as_padded_tensor_dict(indexed, lengths)
    assert padded["piece_counts"].tolist() == [1, 2, 0, 0]
    assert padded["wordpieces"].size() == (5,)


def test_equality_is_that_of_the_encoder(tiny_bert, tiny_roberta):
    assert WindowedTransformerIndexer(tiny_bert) == WindowedTransformerIndexer(tiny_bert)
    assert WindowedTransformerIndexer(tiny_bert) != WindowedTransformerIndexer(tiny_roberta)
