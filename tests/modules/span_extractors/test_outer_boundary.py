import torch

from locate_label_allennlp.modules.span_extractors import OuterBoundarySpanExtractor


def extractor():
    module = OuterBoundarySpanExtractor(input_dim=2)
    with torch.no_grad():
        module._before_sentence.copy_(torch.tensor([-3.0, -4.0]))
        module._after_sentence.copy_(torch.tensor([-5.0, -6.0]))
    return module


WORDS = torch.tensor([[[1.0, -1.0], [5.0, 0.0], [2.0, 7.0], [9.0, 9.0]]])
MASK = torch.tensor([[True, True, True, False]])


def boundaries(*span):
    return extractor()(WORDS, torch.tensor([[span]]), MASK).flatten().tolist()


def test_equation_4():
    #                         maximum    before     after
    assert boundaries(1, 1) == [5.0, 0.0, 1.0, -1.0, 2.0, 7.0]


def test_learned_vectors_stand_at_the_edges_of_the_sentence_and_not_of_the_batch():
    assert boundaries(0, 0) == [1.0, -1.0, -3.0, -4.0, 5.0, 0.0]
    assert boundaries(1, 2) == [5.0, 7.0, 1.0, -1.0, -5.0, -6.0]
    assert boundaries(0, 2) == [5.0, 7.0, -3.0, -4.0, -5.0, -6.0]


def test_gradients_reach_the_learned_vectors_only_at_the_edges():
    for span, at_left, at_right in [((1, 1), 0, 0), ((0, 1), 1, 0), ((2, 2), 0, 1), ((0, 2), 1, 1)]:
        module = extractor()
        module(WORDS, torch.tensor([[span]]), MASK).sum().backward()
        assert module._before_sentence.grad.tolist() == [at_left] * 2
        assert module._after_sentence.grad.tolist() == [at_right] * 2


def test_a_sentence_of_one_word():
    module = extractor()
    vector = module(WORDS[:, 3:], torch.tensor([[[0, 0]]]))
    assert vector.flatten().tolist() == [9.0, 9.0, -3.0, -4.0, -5.0, -6.0]
