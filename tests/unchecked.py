"""As users run it: the shapes in signatures are checked in tests only, and cost time there."""

import jaxtyping
import pytest


@pytest.fixture
def without_shape_checks():
    """Turn jaxtyping's checks off, so that our own doors answer."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
