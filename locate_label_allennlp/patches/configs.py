"""Two things that configs lack in AllenNLP."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from locate_label_allennlp.patches.finder import patches

VARIABLE = "locate_label_environment"


@patches("allennlp.common.params")
def optional_environment_variables(module: Any) -> Iterator[None]:
    """
    AllenNLP hands every environment variable to Jsonnet as an external variable, but Jsonnet cannot
    ask whether one exists: a config that reads one which is not set fails. All of them are handed
    over once more as a single JSON object, `std.extVar('locate_label_environment')`, from which
    `training_config/lib/environment.libsonnet` picks values with defaults.
    """
    yield
    environment_variables = module._environment_variables

    def with_all_as_json() -> dict[str, str]:
        variables = environment_variables()
        return {**variables, VARIABLE: json.dumps(variables)}

    module._environment_variables = with_all_as_json


@patches("allennlp.common.from_params")
def errors_that_name_the_allowed_keys(module: Any) -> Iterator[None]:
    """
    AllenNLP refuses a key that a component does not take, but does not say which it takes. A
    component that hands further keys on to the one it is derived from (`**kwargs`) takes any key,
    and fails with a traceback; AllenNLP's trainer drops them without a word.
    """
    yield
    create_kwargs = module.create_kwargs

    def with_allowed_keys(
        constructor: Callable[..., Any], cls: type, params: Any, **extras: Any
    ) -> dict[str, Any]:
        from allennlp.common.checks import ConfigurationError

        known = {
            name
            for name, parameter in module.infer_params(cls, constructor).items()
            if name != "self" and parameter.kind != parameter.VAR_KEYWORD
        }
        # What the program gives by itself is not for a config to give.
        allowed = sorted(known - extras.keys())
        refused = f"Extra parameters passed to {cls.__name__}:"
        try:
            arguments: dict[str, Any] = create_kwargs(constructor, cls, params, **extras)
        except ConfigurationError as error:
            if error.message.startswith(refused):
                raise ConfigurationError(f"{error.message}; allowed are {allowed}") from error
            raise
        unknown = {name: arguments[name] for name in sorted(arguments.keys() - known)}
        if unknown and _end_of_keys(module, cls):
            raise ConfigurationError(f"{refused} {unknown}; allowed are {allowed}")
        return arguments

    module.create_kwargs = with_allowed_keys


def _end_of_keys(module: Any, cls: type) -> bool:
    """Whether one of the components that `cls` is derived from takes no further keys."""
    bases = [base for base in cls.mro()[1:] if issubclass(base, module.FromParams)]
    return any(not module.takes_kwargs(base) for base in bases)
