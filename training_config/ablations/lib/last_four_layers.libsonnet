// As in the authors' released code: a wordpiece's vector is the mean of the encoder's last four
// layers, and a word's vector the maximum over its pieces.
{
  model+: {
    word_encoder+: {
      context_embedder:
        if 'context_embedder' in super then
          super.context_embedder {
            token_embedders+: { encoder+: { last_layers: 4, pooling: 'max' } },
          }
        else error 'last_four_layers needs a contextual encoder; give ENCODER',
    },
  },
}
