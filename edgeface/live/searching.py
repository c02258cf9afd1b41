"""Whom a live template is like: the configured groups, or every group but the register of ID photographs."""

from __future__ import annotations

from edgeface.engine import Engine
from edgeface.types import Match, Template

_PAGE = 1000


class GroupSearch:
    """Called as a function. The list of all groups is read again when the gallery has changed."""

    def __init__(self, engine: Engine, groups: tuple[str, ...]) -> None:
        self._engine = engine
        self._groups = groups

    def __call__(self, template: Template, top: int = 1) -> tuple[Match, ...]:
        """The ``top`` best matches over all groups, best first; groups that do not exist yet hold nobody."""
        known = [group for group in (self._groups or self._everything()) if self._engine.gallery.has_group(group)]
        most = self._engine.config.gallery.limits.max_groups_per_search
        found = [
            match
            for first in range(0, len(known), most)
            for match in self._engine.identify_template(template, known[first : first + most], top=top)
        ]
        return tuple(sorted(found, key=lambda match: -match.score)[:top])

    def _everything(self) -> tuple[str, ...]:
        gallery, limits = self._engine.gallery, self._engine.config.gallery.limits
        register = self._engine.config.id_register.group

        def listed() -> tuple[str, ...]:
            names: list[str] = []
            page = min(_PAGE, limits.max_page)
            while len(names) < (found := gallery.groups(len(names), page)).total and found.items:
                names += [group.group_id for group in found.items]
            return tuple(name for name in names if name != register)

        return gallery.derived(f"groups besides {register}", listed)
