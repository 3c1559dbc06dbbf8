"""What goes over the wire."""

from typing import Any, Dict, List, Literal, Optional, Union

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from locate_label_allennlp.common.printable import printable
from locate_label_allennlp.predictors.entity_finder import FoundEntity

Threshold = Union[float, Dict[str, float]]


class PredictRequest(BaseModel):
    """One text or several, and how to choose among what the model finds."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"text": "The director of Relmere University left."}]},
    )

    text: Optional[str] = Field(None, description="one text; or `texts`")
    texts: Optional[List[str]] = Field(None, description="several texts; or `text`")
    threshold: Optional[Threshold] = Field(
        None,
        description="what an entity's score must be above, for all types or for some; by default "
        "the model's own",
    )
    types: Optional[List[str]] = Field(None, description="those wanted; by default all")
    overlap: Literal["nested", "flat", "outermost", "innermost"] = Field(
        "nested",
        description="of entities that share words: all, the set with the largest sum of scores, "
        "the longest or the shortest",
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> "PredictRequest":
        if (self.text is None) == (self.texts is None):
            raise ValueError("allowed is one of text and texts")
        return self

    @property
    def all_texts(self) -> List[str]:
        return [self.text] if self.text is not None else self.texts or []


class Found(BaseModel):
    """The entities of a text, in the order in which they stand."""

    entities: List[FoundEntity]


class FoundInMany(BaseModel):
    """Of several texts, in their order."""

    results: List[Found]


class Problem(BaseModel):
    """Why there is no answer."""

    detail: str


def reason_of(error: ValidationError) -> str:
    """In one line, without what was sent."""
    parts: List[str] = []
    details: List[Any] = error.errors(include_input=False, include_url=False)
    for each in details[:5]:
        place = ".".join(str(part) for part in each["loc"])
        message = each["msg"].removeprefix("Value error, ")
        parts.append(f"{place}: {message}" if place else message)
    # A key may hold anything, line ends too.
    return printable(" ".join("; ".join(dict.fromkeys(parts)).split()), keep="")[:1_000]
