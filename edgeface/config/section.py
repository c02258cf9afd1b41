"""What every section of the configuration is, and the ranges that several of them use."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Degrees = Annotated[float, Field(gt=0.0, le=180.0)]
Luma = Annotated[float, Field(ge=0.0, le=255.0)]


class Section(BaseModel):
    """A section: unknown keys are refused, values do not change after loading."""

    # A wrong value may be a secret: messages name the field only.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
