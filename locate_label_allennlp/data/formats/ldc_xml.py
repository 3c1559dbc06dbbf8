"""Annotation files of the LDC as elements that know their lines."""

from dataclasses import dataclass, field
from typing import Dict, Iterator, List, Optional
from xml.parsers import expat

from locate_label_allennlp.data.document import CorpusError

DEEPEST = 100
"""Elements within each other."""


@dataclass
class Element:
    """
    # Parameters

    tag : `str`
    attributes : `Dict[str, str]`
    path : `str`
        Of the file, for messages.
    line : `int`
        Where it begins.
    children : `List[Element]`
    parts : `List[str]`
        Its own text, without that of its children.
    """

    tag: str
    attributes: Dict[str, str]
    path: str
    line: int
    children: List["Element"] = field(default_factory=list)
    parts: List[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def every(self, tag: str) -> Iterator["Element"]:
        """Those inside it, at any depth, in order."""
        for child in self.children:
            if child.tag == tag:
                yield child
            yield from child.every(tag)

    def child(self, tag: str) -> Optional["Element"]:
        """The first of its own."""
        return next((child for child in self.children if child.tag == tag), None)

    def the(self, tag: str) -> "Element":
        """
        Its only child of that name.

        # Raises

        `CorpusError` if it has none or several.
        """
        children = [child for child in self.children if child.tag == tag]
        if len(children) != 1:
            raise self.error(f"has {len(children)} elements {tag!r}; allowed is one")
        return children[0]

    def attribute(self, name: str) -> str:
        """
        # Raises

        `CorpusError` if it has no such attribute.
        """
        if name not in self.attributes:
            raise self.error(f"has no {name}")
        return self.attributes[name]

    def number(self, name: str) -> int:
        """
        # Raises

        `CorpusError` if it has no such attribute, or one that is no number.
        """
        value = self.attribute(name)
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise self.error(f"has {name} {value!r:.80}; allowed is a number of characters")
        return int(value)

    def error(self, reason: str) -> CorpusError:
        return CorpusError(f"{self.tag!r} {reason}", self.path, self.line)


def parse_xml(content: bytes, path: str, root: str) -> Element:
    """
    # Parameters

    content : `bytes`
    path : `str`
        For messages.
    root : `str`
        The name that the outermost element has to have.

    # Raises

    `CorpusError`, with the line, for what is no such XML.
    """
    parser = expat.ParserCreate()
    outside = Element("", {}, path, 0)
    opened = [outside]

    def on_start(tag: str, attributes: Dict[str, str]) -> None:
        line = parser.CurrentLineNumber
        if len(opened) > DEEPEST:
            raise CorpusError(f"has elements in more than {DEEPEST} others", path, line)
        element = Element(tag, attributes, path, line)
        opened[-1].children.append(element)
        opened.append(element)

    def on_end(tag: str) -> None:
        opened.pop()

    def on_text(text: str) -> None:
        opened[-1].parts.append(text)

    def on_unknown(name: str, is_parameter: bool) -> None:
        reason = f"character reference &{name}; is not known"
        raise CorpusError(reason, path, parser.CurrentLineNumber)

    parser.StartElementHandler, parser.EndElementHandler = on_start, on_end
    parser.CharacterDataHandler, parser.SkippedEntityHandler = on_text, on_unknown
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        reason = f"is not XML ({expat.ErrorString(error.code)})"
        raise CorpusError(reason, path, error.lineno) from error
    except (ValueError, LookupError) as error:
        if isinstance(error, CorpusError):
            raise
        raise CorpusError(f"cannot be decoded ({error})", path) from error
    (top,) = outside.children
    if top.tag != root:
        reason = f"its outermost element is {top.tag!r:.80}; allowed is {root!r}"
        raise CorpusError(reason, path, top.line)
    return top
