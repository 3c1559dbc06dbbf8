import pytest
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import Batch, Instance, Vocabulary

from locate_label_allennlp.data.fields import EntitiesField


def vocabulary(*types):
    vocab = Vocabulary()
    for name in types:
        vocab.add_token_to_namespace(name, "entity_labels")
    return vocab


def test_a_batch_is_padded_with_minus_one():
    vocab = vocabulary("ORG", "PLACE")
    fields = [
        EntitiesField([(0, 3, "ORG"), (2, 2, "PLACE")]),
        EntitiesField([]),
        EntitiesField([(1, 1, "PLACE")]),
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


def test_no_entities_anywhere():
    field = EntitiesField([])
    field.index(vocabulary())
    assert field.get_padding_lengths() == {"num_entities": 0}
    assert field.as_tensor({"num_entities": 0}).size() == (0, 3)
    assert field.batch_tensors([field.as_tensor({"num_entities": 0})] * 2).size() == (2, 0, 3)


def test_types_are_counted_for_the_vocabulary():
    fields = [EntitiesField([(0, 0, "B"), (1, 1, "A"), (2, 2, "B")], label_namespace="kinds")]
    vocab = Vocabulary.from_instances(
        [Instance({"entities": field}) for field in fields], non_padded_namespaces=["kinds"]
    )
    assert vocab.get_token_to_index_vocabulary("kinds") == {"B": 0, "A": 1}


def test_an_unknown_type_names_the_sentence_and_the_allowed_types():
    field = EntitiesField([(0, 0, "PLACE"), (1, 1, "RIVER")], source="corpus.jsonl:12")
    with pytest.raises(ConfigurationError) as caught:
        field.index(vocabulary("ROLE", "PLACE"))
    assert caught.value.message == (
        "corpus.jsonl:12: entity type 'RIVER' is not one the model was trained on; "
        "those are ['PLACE', 'ROLE']"
    )


def test_copies_are_equal_and_independent():
    field = EntitiesField([(0, 1, "ORG")])
    copy = field.duplicate()
    assert copy == field
    assert len(copy) == 1
    copy.entities.append((1, 1, "ORG"))
    assert len(field) == 1
    assert len(field.empty_field()) == 0
