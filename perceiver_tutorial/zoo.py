"""From a configuration to a model.

Configurations are data: none of them knows its model. Beside each model stands a function
that builds it, and registers here for its configuration's type.
"""

from functools import singledispatch
from typing import Any

from torch import nn


@singledispatch
def build(config: Any) -> nn.Module:
    """Build a model with random weights.

    A configuration of your own needs one function; then all that builds models takes it:

        @build.register
        def _(config: MyConfig) -> nn.Module:
            return MyModel(config.channels)

    Args:
        config: of any family. Published names go to `perceiver.build`, `hiera.build` and
            `deit.build`.

    Raises:
        TypeError: if nobody has registered for such a configuration.
    """
    raise TypeError(
        f"expected a configuration, got {type(config).__name__}. Published names go to the build "
        "of a family; for a configuration of your own, register a function with @build.register."
    )
