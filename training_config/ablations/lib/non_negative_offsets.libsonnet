// As in the authors' released code: a boundary moves by a share of the sentence's length, never to
// the left.
{ model+: { regressor+: { offsets: 'non_negative' } } }
