"""Words and vectors of each kind of encoder are those that transformers alone gives."""

import json
import shutil
from string import ascii_lowercase as LETTERS
from typing import Any, Callable, NamedTuple

import pytest
import torch
import transformers
from allennlp.data import Token, Vocabulary
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from tokenizers.pre_tokenizers import ByteLevel

from locate_label_allennlp.common.encoders import encoder_source, load_tokenizer, special_pieces
from locate_label_allennlp.data.token_indexers import WindowedTransformerIndexer
from locate_label_allennlp.modules.token_embedders import WindowedTransformerEmbedder

WORDS = ["The", "port", "of", "Tarn", "(", "1871", ")", "ünder-way", "Ω", "\u00ad", "."]

BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]

SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 66,
    "initializer_range": 0.5,
}


def word_pieces(special):
    pieces = [*special, "the", "port", "##ed", *".()", *LETTERS, *(f"##{each}" for each in LETTERS)]
    tokenizer = Tokenizer(models.WordPiece(_numbered(pieces), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def byte_pairs(special):
    pieces = [*special, *sorted(ByteLevel.alphabet()), *(f"Ġ{letter}" for letter in LETTERS)]
    merges = [("Ġ", letter) for letter in LETTERS]
    tokenizer = Tokenizer(models.BPE(_numbered(pieces), merges))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    return tokenizer


def unigrams(special):
    pieces = [*special, "▁", "▁the", "▁port", *".()", *LETTERS, *LETTERS.upper()]
    scores = [(piece, -0.1 * index) for index, piece in enumerate(pieces)]
    unknown = next(index for index, piece in enumerate(special) if "unk" in piece.lower())
    tokenizer = Tokenizer(models.Unigram(scores, unk_id=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


def _numbered(pieces):
    return {piece: index for index, piece in enumerate(pieces)}


class Family(NamedTuple):
    config: str
    tokenizer_class: str
    tokenizer: Callable[[list[str]], Tokenizer]
    special: list[str]
    settings: dict[str, Any]


FAMILIES = {
    "bert": Family("BertConfig", "BertTokenizer", word_pieces, BERT, {}),
    "electra": Family(
        "ElectraConfig", "ElectraTokenizer", word_pieces, BERT, {"embedding_size": 8}
    ),
    "roberta": Family("RobertaConfig", "RobertaTokenizer", byte_pairs, ROBERTA, {}),
    "xlm-roberta": Family("XLMRobertaConfig", "XLMRobertaTokenizer", unigrams, ROBERTA, {}),
    "deberta-v2": Family("DebertaV2Config", "DebertaV2Tokenizer", unigrams, BERT, {}),
    "deberta-v3": Family(
        "DebertaV2Config",
        "DebertaV2Tokenizer",
        unigrams,
        BERT,
        {
            "relative_attention": True,
            "position_buckets": 16,
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_biased_input": False,
        },
    ),
    "modernbert": Family("ModernBertConfig", "PreTrainedTokenizerFast", byte_pairs, BERT, {}),
}


@pytest.fixture(params=FAMILIES)
def encoder(request, tmp_path):
    """A folder as it lies on the model hub, with random weights."""
    family = FAMILIES[request.param]
    start, pad, end, unknown, mask = (
        family.special if family.special is ROBERTA else [BERT[i] for i in (2, 0, 3, 1, 4)]
    )
    tokenizer = family.tokenizer(family.special)
    ids = {piece: family.special.index(piece) for piece in family.special}
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} $B {end}",
        special_tokens=[(start, ids[start]), (end, ids[end])],
    )
    tokenizer.add_special_tokens(family.special)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    settings = {
        "tokenizer_class": family.tokenizer_class,
        "model_max_length": 64,
        **{"cls_token": start, "sep_token": end, "pad_token": pad},
        **{
            "unk_token": unknown,
            "mask_token": mask,
            "add_prefix_space": family.tokenizer is not byte_pairs,
        },
    }
    if family.special is ROBERTA:
        settings.update(bos_token=start, eos_token=end)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    config = getattr(transformers, family.config)(
        vocab_size=tokenizer.get_vocab_size(),
        pad_token_id=ids[pad],
        **SIZES,
        **family.settings,
    )
    transformers.AutoModel.from_config(config).save_pretrained(tmp_path)
    return str(tmp_path)


@pytest.mark.parametrize("encoder", ["roberta"], indirect=True)
@pytest.mark.parametrize(("name", "piece"), [("mine", "Ġ"), ("mine-0123abcd", "a")])
def test_the_copy_in_an_archive_stays_as_it_is(encoder, tmp_path, name, piece):
    folder = tmp_path / "archive" / "encoder" / name
    shutil.copytree(encoder, folder)
    (first, *_) = load_tokenizer(str(folder)).tokenize("ab")
    assert first[0] == piece


def test_words_and_vectors_are_those_of_transformers(encoder, tmp_path):
    indexer = WindowedTransformerIndexer(encoder)
    indices = indexer.tokens_to_indices([Token(word) for word in WORDS], Vocabulary())
    tokenizer = transformers.AutoTokenizer.from_pretrained(encoder, add_prefix_space=True)
    # One word at a time: a word without any piece gets the unknown one.
    alone = [tokenizer(word, add_special_tokens=False)["input_ids"] for word in WORDS]
    alone = [ids or [tokenizer.unk_token_id] for ids in alone]
    assert indices["wordpieces"] == [piece for ids in alone for piece in ids]
    assert indices["piece_counts"] == [len(ids) for ids in alone]
    visible = [word for word in WORDS if word != "\u00ad"]
    together = tokenizer(visible, is_split_into_words=True)["input_ids"]
    before, after = special_pieces(load_tokenizer(encoder))
    pieces = [ids for word, ids in zip(WORDS, alone, strict=True) if word != "\u00ad"]
    assert together == [*before, *(piece for ids in pieces for piece in ids), *after]

    copy = load_tokenizer(encoder_source(encoder, str(tmp_path / "training")))
    assert [copy(word, add_special_tokens=False)["input_ids"] for word in visible] == pieces

    embedder = WindowedTransformerEmbedder(encoder, window=64, overlap=8).eval()
    ours = embedder(torch.tensor([indices["wordpieces"]]), torch.tensor([indices["piece_counts"]]))
    ids = torch.tensor([[*before, *indices["wordpieces"], *after]])
    model = transformers.AutoModel.from_pretrained(encoder).eval()
    theirs = model(input_ids=ids).last_hidden_state[0, len(before) :]
    first = 0
    for vector, own in zip(ours[0], alone, strict=True):
        expected = theirs[first : first + len(own)].mean(0)
        torch.testing.assert_close(vector, expected, atol=1e-5, rtol=1e-4)
        first += len(own)
