"""What configs lack in AllenNLP: optional variables, and errors in one line."""

import json
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

from locate_label_allennlp.patches.archives import (
    CONFIG_BYTES,
    UnsafeArchive,
    check_config,
    parse_config,
)
from locate_label_allennlp.patches.finder import patches
from locate_label_allennlp.patches.trust import goes_on_from_an_archive

VARIABLE = "locate_label_environment"
ARCHIVE = "locate_label_archive"

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
    `training_config/lib/environment.libsonnet` picks values with defaults: under each name the
    `text` and, where this is JSON, its `value`, as Jsonnet cannot ask either whether it is.
    `std.extVar('locate_label_archive')` is the config in the archive that the variable FROM names,
    or null: a training can go on from it (`training_config/fine_tune.jsonnet`).
    """
    yield
    environment_variables = module._environment_variables

    def with_all_as_json() -> dict[str, str]:
        variables = environment_variables()
        read = {name: _text_and_value(text) for name, text in variables.items()}
        config = _archived_config(variables.get("FROM", ""))
        return {**variables, VARIABLE: json.dumps(read), ARCHIVE: config}

    module._environment_variables = with_all_as_json


def _text_and_value(text: str) -> dict[str, Any]:
    try:
        return {"text": text, "value": json.loads(text, parse_constant=_no_json)}
    except (ValueError, RecursionError):
        return {"text": text}


def _archived_config(path: str) -> str:
    from allennlp.common.checks import ConfigurationError

    if not os.path.isfile(path):
        return "null"
    try:
        with tarfile.open(path) as archive:
            for member in archive:  # the config is among the first
                if member.name == "config.json" and (content := archive.extractfile(member)):
                    config = parse_config(content.read(CONFIG_BYTES + 1))
                    if goes_on_from_an_archive():
                        check_config(config, trained_on=True)
                    return json.dumps(config)
    except UnsafeArchive as error:
        raise ConfigurationError(f"{path} (FROM) cannot be loaded: {error}") from error
    except (OSError, tarfile.TarError, EOFError, zlib.error):
        pass
    return "null"


def _no_json(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


@patches("allennlp.common.params")
def errors_of_configs_in_one_line(module: Any) -> Iterator[None]:
    """
    A config that is missing, broken Jsonnet, and an override that leads nowhere are
    `FileNotFoundError`, `RuntimeError` with a trace of Jsonnet's, and `ValueError`. They become
    `ConfigurationError`s of one line, with the place; so does a top-level key that no command
    knows, which is taken without a word when a model is loaded.
    """
    yield
    from allennlp.common.checks import ConfigurationError

    cached_path, with_overrides = module.cached_path, module.with_overrides
    evaluate_file, evaluate_snippet = module.evaluate_file, module.evaluate_snippet

    def found(path: Any, **options: Any) -> Any:
        try:
            return cached_path(path, **options)
        except FileNotFoundError as error:
            where = f"looked from the folder {os.getcwd()}"
            raise ConfigurationError(f"{path}: no such config ({where})") from error

    def evaluated(path: str, **options: Any) -> Any:
        if os.path.isdir(path):
            raise ConfigurationError(f"{path}: is a folder; allowed is a config, a Jsonnet file")
        try:
            return evaluate_file(path, **options)
        except RuntimeError as error:
            raise ConfigurationError(jsonnet_error(str(error))) from error

    def evaluated_overrides(name: str, text: str, **options: Any) -> Any:
        try:
            evaluated = evaluate_snippet(name, text, **options)
        except RuntimeError as error:
            reason = jsonnet_error(str(error))
            raise ConfigurationError(f"the overrides are no JSON or Jsonnet: {reason}") from error
        if not evaluated.startswith("{"):
            raise ConfigurationError(f"the overrides are {text!r:.80}; allowed is a JSON object")
        return evaluated

    def overridden(original: Any, overrides: dict[str, Any], prefix: str = "") -> Any:
        lost = [] if prefix else [key for key in overrides if not _leads_somewhere(key, original)]
        if lost:
            close = get_close_matches(lost[0], _keys(original), n=1)
            allowed = sorted(original.keys() | (TOP_LEVEL_KEYS if _is_whole(original) else ()))
            meant = f"; is {close[0]!r} meant?" if close else f"; allowed are {allowed}"
            raise ConfigurationError(f"override {lost[0]!r} is of no key of the config{meant}")
        return with_overrides(original, overrides, prefix)

    module.cached_path, module.with_overrides = found, overridden
    module.evaluate_file, module.evaluate_snippet = evaluated, evaluated_overrides


# A line of the trace: `file:line:column-column` or `file:(line:column)-(line:column)`.
_PLACE = re.compile(r"\t(.+?):\(?(\d+):\d+.*")


def jsonnet_error(message: str) -> str:
    """
    An error of Jsonnet's in one line, with file and line; without them where
    `environment.libsonnet` speaks, whose errors name the variable.
    """
    first, *trace = message.split("\n")
    _, _, reason = first.partition(" ERROR: ")
    place = _PLACE.match(trace[0]) if trace else None
    if place is None or os.path.basename(place[1]) == "environment.libsonnet":
        return reason or message
    return f"{place[1]}:{place[2]}: {reason}"


def _keys(value: Any, prefix: str = "") -> Iterator[str]:
    """Every key of a config as overrides name it."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield f"{prefix}{key}"
        if isinstance(inner, (dict, list)):
            yield from _keys(inner, f"{prefix}{key}.")


def _leads_somewhere(key: str, config: Any) -> bool:
    """Whether an override's key is one of the config, or a new one in a part of it."""
    *parents, last = key.split(".")
    if not parents and _is_whole(config):
        return last in config or last in TOP_LEVEL_KEYS
    for name in parents:
        config = _inside(config, name)
    return isinstance(config, dict) or _inside(config, last) is not None


def _is_whole(config: Any) -> bool:
    """Whether it is a config for AllenNLP's own training, whose top-level keys are known."""
    return isinstance(config, dict) and "dataset_reader" in config and "type" not in config


def _inside(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return value[int(name)] if name.isdecimal() and int(name) < len(value) else None
    return value.get(name) if isinstance(value, dict) else None


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
