"""Random candidates for decoders."""

from typing import Any

from hypothesis import strategies as st

from locate_label_allennlp.data.document import Entity


def candidates(scores: Any, max_size: int, max_length: int = 7) -> Any:
    """A strategy for lists of entities in a sentence of up to 16 words, most of which overlap."""
    entity = st.builds(
        lambda start, length, type, score: Entity(start, start + length, type, score=score),
        st.integers(0, 8),
        st.integers(1, max_length),
        st.sampled_from("AB"),
        scores,
    )
    return st.lists(entity, max_size=max_size)
