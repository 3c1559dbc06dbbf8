import json
import logging
import shutil

import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import Batch, Instance, Token, Vocabulary
from allennlp.data.fields import TextField
from allennlp.data.token_indexers import PretrainedTransformerMismatchedIndexer
from allennlp.modules.token_embedders import PretrainedTransformerMismatchedEmbedder
from hypothesis import given, settings
from hypothesis import strategies as st

from locate_label_allennlp.data.token_indexers import WindowedTransformerIndexer
from locate_label_allennlp.modules.token_embedders import WindowedTransformerEmbedder

# Window, overlap: the tiny encoders read at most 32 pieces, and two are special.
LAYOUTS = [(32, 8), (32, 0), (12, 9), (7, 4), (3, 0)]


def embedder(folder, **options):
    return WindowedTransformerEmbedder(folder, **{"window": 32, "overlap": 8, **options}).eval()


def batch_of(texts, vocab_size=40):
    """Random wordpieces for texts given by the number of pieces of each word; 7 is the padding."""
    generator = torch.Generator().manual_seed(sum(map(sum, texts)))
    counts = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.long)
    pieces = torch.full((len(texts), max(map(sum, texts))), 7)
    for row, text in enumerate(texts):
        counts[row, : len(text)] = torch.tensor(text)
        drawn = torch.randint(5, vocab_size, (sum(text),), generator=generator)
        pieces[row, : sum(text)] = drawn
    return pieces, counts


def encode(module, pieces):
    """One window as the encoder wants it, run by itself."""
    ids = torch.cat([module._before, pieces, module._after])[None]
    hidden = module.transformer(input_ids=ids).last_hidden_state[0]
    return hidden[len(module._before) : len(ids[0]) - len(module._after)]


def slow_pieces(module, pieces, window, overlap):
    """Every window run alone; each piece from the window that shows most around it."""
    size = window - len(module._before) - len(module._after)
    last = max(len(pieces) - size, 0)
    starts = [*range(0, last, size - overlap), last]
    encoded = {start: encode(module, pieces[start : start + size]) for start in starts}
    chosen = []
    for piece in range(len(pieces)):

        def context(start, piece=piece):
            end = min(start + size, len(pieces))
            left = float("inf") if start == 0 else piece - start
            right = float("inf") if end == len(pieces) else end - 1 - piece
            return min(left, right)

        here = [start for start in starts if start <= piece < start + size]
        best = max(here, key=lambda start: (context(start), -start))
        chosen.append(encoded[best][piece - best])
    return torch.stack(chosen)


def slow_words(module, pieces, counts, window, overlap, pooling="mean"):
    rows = []
    for text, sizes in zip(pieces, counts.tolist(), strict=True):
        vectors = slow_pieces(module, text[: sum(sizes)], window, overlap)
        words, first = [], 0
        for size in sizes:
            own = vectors[first : first + size]
            first += size
            if size == 0:
                words.append(torch.zeros(vectors.size(1)))
            elif pooling == "first":
                words.append(own[0])
            else:
                words.append(own.mean(0) if pooling == "mean" else own.max(0).values)
        rows.append(torch.stack(words))
    return torch.stack(rows)


@pytest.mark.parametrize("encoder", ["tiny_bert", "tiny_roberta"])
def test_one_window_is_the_transformer_itself(encoder, request):
    module = embedder(request.getfixturevalue(encoder))
    pieces, counts = batch_of([[1] * 30])
    torch.testing.assert_close(module(pieces, counts)[0], encode(module, pieces[0]))


@pytest.mark.parametrize("encoder", ["tiny_bert", "tiny_roberta"])
@pytest.mark.parametrize(("window", "overlap"), LAYOUTS)
def test_long_texts_equal_windows_run_one_by_one(encoder, window, overlap, request):
    module = embedder(request.getfixturevalue(encoder), window=window, overlap=overlap)
    # Around the capacity of one window, many windows, and short texts among them.
    capacity = window - 2
    sizes = [1, capacity, capacity + 1, 2 * capacity, 2 * capacity - overlap, 3 * capacity + 2, 97]
    pieces, counts = batch_of([[1] * size for size in sizes])
    with torch.no_grad():
        expected = slow_words(module, pieces, counts, window, overlap)
        torch.testing.assert_close(module(pieces, counts), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("encoder", ["tiny_bert", "tiny_roberta"])
def test_the_last_layers_are_averaged(encoder, request):
    module = embedder(request.getfixturevalue(encoder), last_layers=2)
    pieces, counts = batch_of([[1] * 30])
    ids = torch.cat([module._before, pieces[0], module._after])[None]
    layers = module.transformer(input_ids=ids, output_hidden_states=True).hidden_states
    assert len(layers) == 3  # the embeddings come first
    expected = (layers[1] + layers[2])[0, 1:-1] / 2
    torch.testing.assert_close(module(pieces, counts)[0], expected)


@pytest.mark.parametrize(
    ("sizes", "windows"),
    [([30, 1], 2), ([31], 2), ([31, 5], 3), ([52], 2), ([53], 3), ([74, 75, 30], 8)],
)
def test_no_more_windows_than_needed(tiny_bert, sizes, windows):
    # 30 pieces fit into a window, and each further window brings 22.
    layout = embedder(tiny_bert)._lay_out(torch.tensor(sizes), max(sizes))
    assert layout.text.size(0) == windows


TEXTS = st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=16), min_size=1, max_size=4)


@settings(max_examples=30)
@given(TEXTS, st.sampled_from(["mean", "max", "first"]), st.sampled_from(LAYOUTS[1:4]))
def test_words_equal_a_slow_loop(tiny_bert, texts, pooling, layout):
    module = embedder(tiny_bert, window=layout[0], overlap=layout[1], pooling=pooling)
    pieces, counts = batch_of(texts)
    with torch.no_grad():
        expected = slow_words(module, pieces, counts, *layout, pooling)
        torch.testing.assert_close(module(pieces, counts), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("pooling", ["mean", "max", "first"])
def test_neither_the_order_of_the_texts_nor_the_batch_matters(tiny_bert, pooling):
    module = embedder(tiny_bert, pooling=pooling)
    texts = [[1, 2, 3], [2] * 40, [5], [1] * 31, [3] * 10]
    pieces, counts = batch_of(texts)
    with torch.no_grad():
        together = module(pieces, counts)
        order = torch.tensor([3, 0, 4, 1, 2])
        reordered = module(pieces[order], counts[order])
        torch.testing.assert_close(reordered, together[order], atol=1e-5, rtol=1e-4)
        for row, text in enumerate(texts):
            alone = module(pieces[row : row + 1, : sum(text)], counts[row : row + 1, : len(text)])
            torch.testing.assert_close(
                alone[0], together[row, : len(text)], atol=1e-5, rtol=1e-4, msg=f"text {row}"
            )


def test_padding_is_zero_and_is_not_looked_at(tiny_bert):
    module = embedder(tiny_bert)
    pieces, counts = batch_of([[2, 1], [1, 1, 1, 30]])
    vectors = module(pieces, counts)
    assert not vectors[0, 2:].any()
    wider = torch.cat([pieces, torch.full((2, 40), 11)], dim=1)
    torch.testing.assert_close(module(wider, counts), vectors, atol=1e-5, rtol=1e-4)
    pieces[0, 3:] = 23
    torch.testing.assert_close(module(pieces, counts), vectors, atol=1e-5, rtol=1e-4)


SENTENCES = ["the port of tarn reported", "a", "wholly unported . x 漢字 the"]


def indexed(indexer, sentences):
    instances = [
        Instance({"text": TextField([Token(word) for word in text.split()], {"encoder": indexer})})
        for text in sentences
    ]
    batch = Batch(instances)
    batch.index_instances(Vocabulary())
    return batch.as_tensor_dict()["text"]["encoder"]


@pytest.mark.parametrize("encoder", ["tiny_bert", "tiny_roberta"])
def test_agrees_with_the_embedder_of_allennlp(encoder, request):
    folder = request.getfixturevalue(encoder)
    theirs = PretrainedTransformerMismatchedEmbedder(folder).eval()
    expected = theirs(**indexed(PretrainedTransformerMismatchedIndexer(folder), SENTENCES[:2]))
    vectors = embedder(folder)(**indexed(WindowedTransformerIndexer(folder), SENTENCES[:2]))
    torch.testing.assert_close(vectors[0], expected[0], atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(vectors[1, :1], expected[1, :1], atol=1e-6, rtol=1e-5)


def test_words_without_a_wordpiece_get_the_unknown_one(tiny_bert):
    fields = indexed(WindowedTransformerIndexer(tiny_bert), ["a \u200b b"])
    assert fields["piece_counts"].tolist() == [[1, 1, 1]]
    assert fields["wordpieces"][0, 1] == 1  # [UNK]
    assert embedder(tiny_bert)(**fields)[0, 1].any()


@pytest.mark.parametrize("last_layers", [1, 2])
@pytest.mark.parametrize("pooling", ["mean", "max", "first"])
def test_gradients_flow_to_every_weight_from_every_window(tiny_bert, pooling, last_layers):
    module = embedder(tiny_bert, pooling=pooling, last_layers=last_layers).train()
    pieces, counts = batch_of([[1] * 80, [2, 3]])
    module(pieces, counts)[..., 0].sum().backward()
    assert all(parameter.grad.any() for parameter in module.parameters())
    assert all(parameter.grad.isfinite().all() for parameter in module.parameters())
    used = module.transformer.get_input_embeddings().weight.grad.any(dim=1)
    assert set(pieces[0].tolist()) <= set(used.nonzero().squeeze(1).tolist())


def test_parameters_can_be_frozen(tiny_bert):
    module = embedder(tiny_bert, train_parameters=False)
    assert not any(parameter.requires_grad for parameter in module.parameters())


def test_gradient_checkpointing_changes_no_vector(tiny_bert):
    pieces, counts = batch_of([[1, 2] * 15])
    plain, saving = (
        embedder(tiny_bert, gradient_checkpointing=switch).train() for switch in (False, True)
    )
    for module in (plain, saving):
        for part in module.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        module(pieces, counts).sum().backward()
    weights = [module.transformer.get_input_embeddings().weight for module in (plain, saving)]
    torch.testing.assert_close(weights[0].grad, weights[1].grad)


def test_output_dim_and_weights(tiny_bert):
    module = embedder(tiny_bert)
    assert module.get_output_dim() == 16
    again, untrained = embedder(tiny_bert), embedder(tiny_bert, load_weights=False)
    name = "transformer.embeddings.word_embeddings.weight"
    assert torch.equal(module.state_dict()[name], again.state_dict()[name])
    assert not torch.equal(module.state_dict()[name], untrained.state_dict()[name])
    assert not any("pooler" in key or "_before" in key for key in module.state_dict())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 33}, "window is 33; encoder .*tiny-bert.* reads at most 32 wordpieces"),
        ({"pooling": "last"}, "pooling is 'last'; allowed are .*mean"),
        ({"last_layers": 0}, "last_layers is 0; allowed is 1 to 2"),
        ({"last_layers": 3}, "last_layers is 3; allowed is 1 to 2, the layers of .*tiny-bert"),
        ({"overlap": 30}, "overlap is 30; allowed is 0 to 29 with a window of 32"),
        ({"overlap": -1}, "overlap is -1; allowed is 0 to 29"),
        ({"window": 2, "overlap": 0}, "window of 2"),
    ],
)
def test_impossible_settings_are_refused(tiny_bert, options, message):
    with pytest.raises(ConfigurationError, match=message):
        embedder(tiny_bert, **options)


def test_a_tokenizer_that_names_no_limit_does_not_hide_that_of_the_encoder(tiny_bert, tmp_path):
    folder = shutil.copytree(tiny_bert, tmp_path / "unlimited")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    del settings["model_max_length"]
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(ConfigurationError, match=r"window is 512; .* reads at most 32"):
        embedder(str(folder), window=512)


def test_what_does_not_fit_into_one_window_is_said(tiny_bert, caplog):
    module = embedder(tiny_bert)
    with caplog.at_level(logging.INFO):
        for _ in range(12):
            module(*batch_of([[5] * 4]))
            module(*batch_of([[5] * 20]))
    assert module.windowed.count == 12
    said = [record.message for record in caplog.records if "in several" in record.message]
    assert [message.split()[0] for message in said] == ["1", "10"]
    assert "100 wordpieces, did not fit into the encoder's window of 30" in said[0]


def test_attention_dropout_replaces_the_encoder_s_own(tiny_bert, tiny_roberta):
    pieces, counts = batch_of([[1, 2, 1, 3]])
    for folder in (tiny_bert, tiny_roberta):
        for other in (None, 0.5):
            module = embedder(folder, attention_dropout=other).train()
            expected = 0.1 if other is None else other
            assert module.transformer.config.attention_probs_dropout_prob == expected
            assert not torch.equal(module(pieces, counts), module(pieces, counts))
    module = embedder(tiny_bert, attention_dropout=0.0).train()
    for part in module.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    # Nothing random is left.
    assert torch.equal(module(pieces, counts), module(pieces, counts))


def test_attention_dropout_out_of_range_is_refused(tiny_bert):
    with pytest.raises(
        ConfigurationError, match=r"attention_dropout is 1\.0; allowed is 0 up to 1"
    ):
        embedder(tiny_bert, attention_dropout=1.0)


def test_compiled_gives_the_same_under_the_same_names(tiny_bert, monkeypatch):
    # Compiled by the backend that needs no compiler.
    compile_module = torch.nn.Module.compile
    monkeypatch.setattr(
        torch.nn.Module,
        "compile",
        lambda self, **options: compile_module(self, backend="eager", **options),
    )
    plain, compiled = embedder(tiny_bert), embedder(tiny_bert, compile=True)
    assert list(compiled.state_dict()) == list(plain.state_dict())
    for texts in ([[1, 2, 1]], [[2, 3], [1]]):
        pieces, counts = batch_of(texts)
        torch.testing.assert_close(compiled(pieces, counts), plain(pieces, counts))


@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_a_vector_of_the_text_follows_each_word_s(tiny_bert, pooling):
    module = embedder(tiny_bert, window=12, overlap=4, pooling=pooling, sentence_vector=True)
    plain = embedder(tiny_bert, window=12, overlap=4, pooling=pooling)
    assert (plain.sentence_dim, module.sentence_dim) == (0, 16)
    assert (plain.get_output_dim(), module.get_output_dim()) == (16, 32)
    # The first text has three windows, the last one is shorter than one.
    pieces, counts = batch_of([[3, 9, 4, 5], [7, 2], [1, 2]])
    words = module(pieces, counts)
    torch.testing.assert_close(words[..., :16], plain(pieces, counts))
    for row, size in enumerate([10, 9, 3]):
        ids = torch.cat([module._before, pieces[row, :size], module._after])[None]
        leading = module.transformer(input_ids=ids).last_hidden_state[0, 0]
        for word, count in enumerate(counts[row].tolist()):
            expected = leading if count else torch.zeros(16)
            torch.testing.assert_close(words[row, word, 16:], expected)


def test_an_encoder_without_a_piece_before_the_text(tiny_bert, monkeypatch):
    name = "locate_label_allennlp.modules.token_embedders.windowed_transformer.special_pieces"
    monkeypatch.setattr(name, lambda tokenizer: ([], [3]))
    with pytest.raises(ConfigurationError, match=r"sentence_vector is true; encoder .* has no"):
        embedder(tiny_bert, sentence_vector=True)
    embedder(tiny_bert)
