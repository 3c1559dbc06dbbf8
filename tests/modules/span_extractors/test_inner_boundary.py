import torch

from locate_label_allennlp.modules.span_extractors import InnerBoundarySpanExtractor


def test_equation_2():
    words = torch.tensor([[[1.0, -1.0], [5.0, 0.0], [2.0, 7.0], [9.0, 9.0]]])
    vector = InnerBoundarySpanExtractor(input_dim=2)(words, torch.tensor([[[0, 2]]]))
    #                                     maximum   start     end
    assert vector.flatten().tolist() == [5.0, 7.0, 1.0, -1.0, 2.0, 7.0]


def test_it_has_nothing_to_learn():
    assert list(InnerBoundarySpanExtractor(input_dim=2).parameters()) == []
