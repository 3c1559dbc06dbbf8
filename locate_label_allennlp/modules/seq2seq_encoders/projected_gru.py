"""A bidirectional GRU and a linear layer on top."""

from typing import Optional

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.modules.seq2seq_encoders import GruSeq2SeqEncoder, Seq2SeqEncoder
from overrides import overrides
from torch import Tensor


@Seq2SeqEncoder.register("projected_gru")
class ProjectedGru(Seq2SeqEncoder):
    """
    `W BiGRU(X) + b`, equations (4) and (6) of the proposer and regressor paper. (AllenNLP's
    `compose` joins no bidirectional encoder with one that has no direction.)

    # Parameters

    input_size : `int`
    output_dim : `int`
        `D`; the GRU has `D / 2` units each way.
    """

    def __init__(self, input_size: int, output_dim: int) -> None:
        super().__init__()
        if output_dim < 2 or output_dim % 2:
            raise ConfigurationError(f"output_dim is {output_dim}; allowed are even numbers >= 2")
        self._gru = GruSeq2SeqEncoder(input_size, output_dim // 2, bidirectional=True)
        self._linear = torch.nn.Linear(output_dim, output_dim)

    @overrides
    def get_input_dim(self) -> int:
        return self._gru.get_input_dim()

    @overrides
    def get_output_dim(self) -> int:
        return self._linear.out_features

    @overrides
    def is_bidirectional(self) -> bool:
        # For AllenNLP: that the two halves of a vector are the two directions.
        return False

    @overrides(check_signature=False)
    def forward(self, inputs: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        """
        # Parameters

        inputs : `torch.FloatTensor`
            Shape `(B, N, input_size)`.
        mask : `torch.BoolTensor`, optional
            Shape `(B, N)`: true for words, false for the padding after them.

        # Returns

        `torch.FloatTensor`
            Shape `(B, N, D)`; what stands for padding has no meaning.
        """
        return self._linear(self._gru(inputs, mask))
