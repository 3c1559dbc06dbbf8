"""
The models' arithmetic once more, word by word in double precision: what the oracles of the losses
are made of. Written from the papers; only the weights, by their names, are those of a model.
"""

import math

import numpy


def weights(module):
    """Name and values of every parameter."""
    return {name: value.detach().double().numpy() for name, value in module.named_parameters()}


def part(values, prefix):
    """The parameters whose names begin with `prefix` and a dot, without it."""
    return {
        name[len(prefix) + 1 :]: value
        for name, value in values.items()
        if name.startswith(f"{prefix}.")
    }


def gelu(x):
    return numpy.vectorize(lambda value: value * 0.5 * (1 + math.erf(value / math.sqrt(2))))(x)


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def softmax(x):
    powers = numpy.exp(x - numpy.max(x))
    return powers / powers.sum()


def linear(values, x):
    return values["weight"] @ x + values.get("bias", 0.0)


def layer_norm(values, x):
    normed = (x - x.mean()) / math.sqrt(x.var() + 1e-5)
    return values["weight"] * normed + values["bias"]


def gru_step(w_input, w_state, b_input, b_state, x, state):
    """Equation (18) of the proposer and regressor paper."""
    xr, xz, xn = numpy.split(w_input @ x + b_input, 3)
    hr, hz, hn = numpy.split(w_state @ state + b_state, 3)
    reset, update = sigmoid(xr + hr), sigmoid(xz + hz)
    new = numpy.tanh(xn + reset * hn)
    return (1 - update) * new + update * state


def lstm_step(w_input, w_state, b_input, b_state, x, state, cell):
    gates = numpy.split(w_input @ x + b_input + w_state @ state + b_state, 4)
    cell = sigmoid(gates[1]) * cell + sigmoid(gates[0]) * numpy.tanh(gates[2])
    return sigmoid(gates[3]) * numpy.tanh(cell), cell


def both_ways(values, words, kind):
    """A bidirectional GRU or LSTM of one layer: the outputs of each word, first forwards."""
    outputs = []
    for suffix in ("", "_reverse"):
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        cell = [values[name + suffix] for name in names]
        state = memory = numpy.zeros(cell[1].shape[1])
        states = []
        for x in words[::-1] if suffix else words:
            if kind == "gru":
                state = gru_step(*cell, x, state)
            else:
                state, memory = lstm_step(*cell, x, state, memory)
            states.append(state)
        outputs.append(states[::-1] if suffix else states)
    return [numpy.concatenate(pair) for pair in zip(*outputs, strict=True)]


def span_head(values, vector):
    """Two linear layers and GELU between them, as the heads of Locate and Label have them."""
    hidden = gelu(linear(part(values, "_feedforward._linear_layers.0"), vector))
    return linear(part(values, "_output"), hidden)


def inner(words, start, end):
    """Equation (2) of Locate and Label."""
    return numpy.concatenate([numpy.max(words[start : end + 1], axis=0), words[start], words[end]])


def outer(values, words, start, end):
    """Equation (4) of Locate and Label."""
    before, after = (values[f"_span_extractor._{side}_sentence"] for side in ("before", "after"))
    left = words[start - 1] if start > 0 else before
    right = words[end + 1] if end + 1 < len(words) else after
    return numpy.concatenate([numpy.max(words[start : end + 1], axis=0), left, right])


def combined(values, words, start, end):
    """What the scorer `combined` says of a span: its sum of parts, GELU, a linear layer."""
    weight, bias = values["_words.weight"], values["_words.bias"]
    factors, num_lengths = values["_product.weight"].shape[1], len(values["_length.weight"])
    hidden = (len(bias) - 2 * factors) // 4

    def projected(position, begin, size):
        if not 0 <= position < len(words):
            return numpy.zeros(size)
        return weight[begin : begin + size] @ words[position] + bias[begin : begin + size]

    around = (start, end, start - 1, end + 1)
    parts = [projected(word, index * hidden, hidden) for index, word in enumerate(around)]
    parts.append(values["_maximum.weight"] @ numpy.max(words[start : end + 1], axis=0))
    parts.append(values["_length.weight"][min(end - start + 1, num_lengths) - 1])
    first = projected(start, 4 * hidden, factors)
    last = projected(end, 4 * hidden + factors, factors)
    parts.append(values["_product.weight"] @ (first * last))
    return linear(part(values, "_output"), gelu(sum(parts)))


def iou(first, second):
    """Of two spans with inclusive ends, as sets of words."""
    one, other = (set(range(start, end + 1)) for start, end in (first, second))
    return len(one & other) / len(one | other)


def mention(values, words):
    """The vector of a mention: its last state attends over the outputs of its words."""
    outputs = both_ways(part(values, "_module"), words, "lstm")
    half = len(outputs[0]) // 2
    last = numpy.concatenate([outputs[-1][:half], outputs[0][half:]])
    attention = softmax(numpy.array([output @ last for output in outputs]))
    return sum(weight * output for weight, output in zip(attention, outputs, strict=True))
