"""Settings that all tests share: the three Hypothesis profiles.

`ci`, the default, is the same on every run. ``WORKDIARY_HYPOTHESIS=deep`` looks further, with new
examples each time. ``brief`` has a tenth of the examples of `ci`: enough for one more Python, as the
laws themselves were tried on another.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A shared machine can be slow at any moment; nothing here is about time.
_PATIENT = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

settings.register_profile(
    "ci", max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=_PATIENT
)
settings.register_profile("brief", settings.get_profile("ci"), max_examples=20)
settings.register_profile("deep", max_examples=5_000, deadline=None, suppress_health_check=_PATIENT)
settings.load_profile(os.environ.get("WORKDIARY_HYPOTHESIS", "ci"))
