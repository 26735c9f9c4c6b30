"""What would end a leak. The types stand in `model`, since providers make them."""

from __future__ import annotations

from tidegate.model.closing import Call, Case, Known, Plan, Step, Study, Way

__all__ = ["Call", "Case", "Known", "Plan", "Step", "Study", "Way"]
