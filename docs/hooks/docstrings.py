"""How the site shows the parameters in our docstrings: as a list."""

import re
from typing import Any

import griffe

# `name : type`, or the type alone of what is returned; what is said of it is indented below.
ENTRY = re.compile(r"^(?:(\w[\w, ]*) : (`.*)|(`[^`]+`))$", re.MULTILINE)


class Docstrings(griffe.Extension):
    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = ENTRY.sub(_item, obj.docstring.value)


def _item(entry: "re.Match[str]") -> str:
    name, type_of_it, returned = entry.groups()
    return f"\n- **{name}** : {type_of_it}\n" if name else f"\n- {returned}\n"
