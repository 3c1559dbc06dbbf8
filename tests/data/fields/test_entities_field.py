import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import Batch, Instance, Vocabulary

from locate_label_allennlp.data.document import Entity
from locate_label_allennlp.data.fields import EntitiesField, entities_of_spans, entities_of_tensor
from locate_label_allennlp.nn.spans import FlatSpans


def vocabulary(*types):
    vocab = Vocabulary()
    for name in types:
        vocab.add_token_to_namespace(name, "entity_labels")
    return vocab


def test_a_batch_is_padded_with_minus_one():
    vocab = vocabulary("ORG", "PLACE")
    fields = [
        EntitiesField([Entity(0, 4, "ORG"), Entity(2, 3, "PLACE")]),
        EntitiesField([]),
        EntitiesField([Entity(1, 2, "PLACE")]),
    ]
    batch = Batch([Instance({"entities": field}) for field in fields])
    batch.index_instances(vocab)
    tensor = batch.as_tensor_dict()["entities"]
    nothing = [-1, -1, -1]
    assert tensor.tolist() == [
        [[0, 3, 0], [2, 2, 1]],
        [nothing, nothing],
        [[1, 1, 1], nothing],
    ]
    assert tensor.dtype == torch.long
    assert entities_of_tensor(tensor, {0: "ORG", 1: "PLACE"}) == [
        field.entities for field in fields
    ]


def test_a_discontinuous_entity_goes_by_its_first_and_last_word():
    field = EntitiesField([Entity(1, 6, "ORG", ((1, 2), (4, 6)))])
    field.index(vocabulary("ORG"))
    assert field.as_tensor({"num_entities": 1}).tolist() == [[1, 5, 0]]


def test_spans_become_entities_by_sentence_with_their_scores():
    spans = FlatSpans(*torch.tensor([[2, 0, 2], [0, 3, 1], [0, 5, 4]]))
    label, score = torch.tensor([1, 0, 0]), torch.tensor([0.7, 0.9, 0.1])
    assert entities_of_spans(spans, label, {0: "ORG", 1: "PLACE"}, 4, score) == [
        [Entity(3, 6, "ORG", score=score[1].item())],
        [],
        [Entity(0, 1, "PLACE", score=score[0].item()), Entity(1, 5, "ORG", score=score[2].item())],
        [],
    ]


def test_no_entities_anywhere():
    field = EntitiesField([])
    field.index(vocabulary())
    assert field.get_padding_lengths() == {"num_entities": 0}
    assert field.as_tensor({"num_entities": 0}).size() == (0, 3)
    assert field.batch_tensors([field.as_tensor({"num_entities": 0})] * 2).size() == (2, 0, 3)


def test_types_are_counted_for_the_vocabulary():
    fields = [
        EntitiesField(
            [Entity(0, 1, "B"), Entity(1, 2, "A"), Entity(2, 3, "B")], label_namespace="kinds"
        )
    ]
    vocab = Vocabulary.from_instances(
        [Instance({"entities": field}) for field in fields], non_padded_namespaces=["kinds"]
    )
    assert vocab.get_token_to_index_vocabulary("kinds") == {"B": 0, "A": 1}


def test_an_unknown_type_names_the_sentence_and_the_allowed_types():
    field = EntitiesField([Entity(0, 1, "PLACE"), Entity(1, 2, "RIVER")], source="corpus.jsonl:12")
    with pytest.raises(ConfigurationError) as caught:
        field.index(vocabulary("ROLE", "PLACE"))
    assert caught.value.message == (
        "corpus.jsonl:12: entity type 'RIVER' is not one the model was trained on; "
        "those are ['PLACE', 'ROLE']"
    )


def test_copies_are_equal_and_independent():
    field = EntitiesField([Entity(0, 2, "ORG")])
    copy = field.duplicate()
    assert copy == field
    assert len(copy) == 1
    copy.entities.append(Entity(1, 2, "ORG"))
    assert len(field) == 1
    assert len(field.empty_field()) == 0
