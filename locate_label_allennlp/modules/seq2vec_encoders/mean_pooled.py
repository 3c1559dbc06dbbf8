"""A sequence encoder and the mean of its outputs."""

from allennlp.modules import Seq2SeqEncoder, Seq2VecEncoder
from overrides import overrides
from torch import Tensor


@Seq2VecEncoder.register("mean_pooled")
class MeanPooledEncoder(Seq2VecEncoder):
    """
    `Pool(encoder(X))`, with a BiGRU over a word's characters equation (2) of the proposer and
    regressor paper.

    # Parameters

    encoder : `Seq2SeqEncoder`
    """

    def __init__(self, encoder: Seq2SeqEncoder) -> None:
        super().__init__()
        self._encoder = encoder

    @overrides
    def get_input_dim(self) -> int:
        return self._encoder.get_input_dim()

    @overrides
    def get_output_dim(self) -> int:
        return self._encoder.get_output_dim()

    @overrides(check_signature=False)
    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """
        # Parameters

        tokens : `torch.FloatTensor`
            Shape `(B, L, input_dim)`.
        mask : `torch.BoolTensor`
            Shape `(B, L)`: false for the padding at the end.

        # Returns

        `torch.FloatTensor`
            Shape `(B, output_dim)`; zeros where all is padding.
        """
        mask = mask.bool()
        # (B, L, output_dim)
        encoded = self._encoder(tokens, mask) * mask[..., None]
        return encoded.sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)
