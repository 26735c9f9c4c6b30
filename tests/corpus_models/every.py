"""All samples, by id."""

from __future__ import annotations

from corpus_models import (
    benign,
    containers,
    differentials,
    gadgets,
    graphs_harmful,
    indirect,
    keras_harmful,
    opcode_forms,
    other_formats,
    templates,
    torch_files,
)
from corpus_models.model import SAMPLES, Sample, Want

__all__ = ["BENIGN", "EVERY", "HARMFUL", "MODULES"]

MODULES = (
    opcode_forms,
    indirect,
    differentials,
    gadgets,
    torch_files,
    containers,
    keras_harmful,
    graphs_harmful,
    templates,
    other_formats,
    benign,
)
EVERY: tuple[Sample, ...] = tuple(SAMPLES.values())
HARMFUL = tuple(each for each in EVERY if each.want is not Want.QUIET)
BENIGN = tuple(each for each in EVERY if each.want is Want.QUIET)
