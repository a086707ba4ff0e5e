"""Hypothesis profiles, and nothing that one folder of tests could keep to itself."""

import os

try:
    from hypothesis import HealthCheck, settings
except ModuleNotFoundError:  # the Spark environment has no Hypothesis, and its tests need none
    pass
else:
    # A machine shared by several workers makes single examples slow without making anything wrong.
    settings.register_profile("dev", max_examples=50, deadline=None)
    settings.register_profile(
        "ci", max_examples=500, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.register_profile("nightly", max_examples=20_000, deadline=None)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))
