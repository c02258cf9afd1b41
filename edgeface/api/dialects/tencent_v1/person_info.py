"""A person's ``person_name`` and ``tag`` in the one text that the gallery keeps for a user."""

from __future__ import annotations

import json
from dataclasses import dataclass

_NAMES = ("person_name", "tag")


@dataclass(frozen=True, slots=True)
class PersonInfo:
    """What ``newperson`` and ``setinfo`` say of a person. Empty: nothing was said."""

    name: str = ""
    tag: str = ""

    @classmethod
    def of(cls, text: str) -> PersonInfo:
        """Read a user's text. What another API wrote there is taken as the name, so that it is shown and kept."""
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return cls(name=text)
        if isinstance(found, dict) and found and set(found) <= set(_NAMES):
            values = [found.get(name, "") for name in _NAMES]
            if all(isinstance(value, str) for value in values):
                return cls(*values)
        return cls(name=text)

    def changed(self, name: str, tag: str) -> PersonInfo:
        """With what is said now in the place of what was said."""
        return PersonInfo(name or self.name, tag or self.tag)

    def text(self) -> str:
        """Compact JSON, without what is empty; the empty text when all is."""
        said = {name: value for name, value in zip(_NAMES, (self.name, self.tag), strict=True) if value}
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")) if said else ""
