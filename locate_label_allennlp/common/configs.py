"""
Two things that configs lack in AllenNLP, in place once this plugin is loaded.

**Optional environment variables.** AllenNLP hands every environment variable to Jsonnet as an
external variable, but Jsonnet cannot ask whether one exists: a config that reads one which is not
set fails. All of them are handed over once more as a single JSON object,
`std.extVar('locate_label_environment')`, from which `training_config/lib/environment.libsonnet`
picks values with defaults.

**Errors that say what is allowed.** AllenNLP refuses a key that a component does not take, but does
not say which it takes, and its trainer takes any key without a word.
"""

import json
from typing import Any, Callable, Dict

from allennlp.common import from_params, params
from allennlp.common.checks import ConfigurationError
from allennlp.training import Trainer

VARIABLE = "locate_label_environment"

_environment_variables = params._environment_variables
_create_kwargs = from_params.create_kwargs


def environment_variables() -> Dict[str, str]:
    """AllenNLP's external variables for Jsonnet, and all of them once more as JSON."""
    variables = _environment_variables()
    return {**variables, VARIABLE: json.dumps(variables)}


def create_kwargs(
    constructor: Callable[..., Any], cls: type, params: params.Params, **extras: Any
) -> Dict[str, Any]:
    """AllenNLP's arguments for a constructor; the error for an unknown key names the known ones."""
    allowed = sorted(
        name
        for name, parameter in from_params.infer_params(cls, constructor).items()
        if name != "self" and parameter.kind != parameter.VAR_KEYWORD
    )
    refused = f"Extra parameters passed to {cls.__name__}:"
    try:
        arguments = _create_kwargs(constructor, cls, params, **extras)
    except ConfigurationError as error:
        if error.message.startswith(refused):
            raise ConfigurationError(f"{error.message}; allowed are {allowed}") from error
        raise
    unknown = {name: arguments[name] for name in sorted(arguments.keys() - set(allowed))}
    if unknown and issubclass(cls, Trainer):
        raise ConfigurationError(f"{refused} {unknown}; allowed are {allowed}")
    return arguments


params._environment_variables = environment_variables
from_params.create_kwargs = create_kwargs
