"""What configs lack in AllenNLP."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from locate_label_allennlp.patches.finder import patches

VARIABLE = "locate_label_environment"

UNUSED = "overrides dict contains unused keys"

TOP_LEVEL_KEYS = {
    *("dataset_reader", "train_data_path", "data_loader", "datasets_for_vocab_creation"),
    *("validation_dataset_reader", "validation_data_path", "validation_data_loader"),
    *("model", "vocabulary", "trainer", "distributed", "ddp_accelerator", "batch_weight_key"),
    *("test_data_path", "evaluate_on_test", "evaluation", "include_in_archive"),
    *("random_seed", "numpy_seed", "pytorch_seed"),
}
"""What AllenNLP's commands look for in a config, which need not have them all."""


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


@patches("allennlp.common.params")
def errors_of_overrides(module: Any) -> Iterator[None]:
    """
    Overrides that are no JSON end in a traceback, and so do those that match no key. When a model
    is loaded, a top-level key that AllenNLP does not know is taken without a word.
    """
    yield
    parse_overrides, with_overrides = module.parse_overrides, module.with_overrides

    def parsed(serialized_overrides: str, ext_vars: Any = None) -> dict[str, Any]:
        from allennlp.common.checks import ConfigurationError

        try:
            overrides = parse_overrides(serialized_overrides, ext_vars)
            reason = "it is no object"
        except (RuntimeError, ValueError) as error:
            overrides = None
            reason = str(error).strip().partition("\n")[0]
        if not isinstance(overrides, dict):
            raise ConfigurationError(
                f"overrides are {serialized_overrides!r:.200}; allowed is a JSON object ({reason})"
            )
        return overrides

    def merged(original: Any, overrides_dict: dict[str, Any], prefix: str = "") -> Any:
        from allennlp.common.checks import ConfigurationError

        if not prefix and "dataset_reader" in original and "type" not in original:
            allowed = TOP_LEVEL_KEYS | original.keys()
            unknown = sorted({key.partition(".")[0] for key in overrides_dict} - allowed)
            if unknown:
                raise ConfigurationError(
                    f"overrides have the keys {unknown}; allowed are {sorted(allowed)}"
                )
        try:
            return with_overrides(original, overrides_dict, prefix)
        except ValueError as error:
            reason = str(error).replace(UNUSED, "overrides match no key of the config")
            raise ConfigurationError(reason) from error

    module.parse_overrides, module.with_overrides = parsed, merged


@patches("allennlp.common.from_params")
def errors_that_name_the_allowed_keys(module: Any) -> Iterator[None]:
    """
    AllenNLP refuses a key that a component does not take, but does not say which it takes, and its
    trainer takes any key without a word.
    """
    yield
    create_kwargs = module.create_kwargs

    def with_allowed_keys(
        constructor: Callable[..., Any], cls: type, params: Any, **extras: Any
    ) -> dict[str, Any]:
        from allennlp.common.checks import ConfigurationError

        allowed = sorted(
            name
            for name, parameter in module.infer_params(cls, constructor).items()
            if name != "self" and parameter.kind != parameter.VAR_KEYWORD
        )
        refused = f"Extra parameters passed to {cls.__name__}:"
        try:
            arguments: dict[str, Any] = create_kwargs(constructor, cls, params, **extras)
        except ConfigurationError as error:
            if error.message.startswith(refused):
                raise ConfigurationError(f"{error.message}; allowed are {allowed}") from error
            raise
        unknown = {name: arguments[name] for name in sorted(arguments.keys() - set(allowed))}
        if unknown and _is_trainer(cls):
            raise ConfigurationError(f"{refused} {unknown}; allowed are {allowed}")
        return arguments

    module.create_kwargs = with_allowed_keys


def _is_trainer(cls: type) -> bool:
    trainers = sys.modules.get("allennlp.training.trainer")
    return trainers is not None and issubclass(cls, trainers.Trainer)
