"""
Which components an archive may name. An archive may come from anywhere, and AllenNLP builds what
its config names, any class of any installed library included. While an archive is loaded, only the
components of this package and those of AllenNLP listed here are built, unless the user trusts it.
"""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from locate_label_allennlp.patches.finder import PACKAGE, patches

TRUST = "LOCATE_LABEL_TRUST"
"""The environment variable that `--trust` sets, for the processes that a command starts too."""

COMMANDS = (
    *("draw-entities", "evaluate", "ner-bulk", "ner-report", "ner-serve", "pre-annotate"),
    *("predict", "train", "tune-thresholds"),
)
"""What loads an archive; `train` does with FROM."""

EVERY = None
ALLOWED: dict[str, frozenset[str] | None] = {
    "Activation": EVERY,
    "BatchSampler": frozenset({"bucket", "max_tokens_sampler"}),
    "DataCollator": frozenset({"allennlp"}),
    "DataLoader": frozenset({"multiprocess"}),
    "DdpAccelerator": frozenset({"torch"}),
    "Evaluator": frozenset({"simple"}),
    "Initializer": frozenset(
        {"block_orthogonal", "constant", "eye", "kaiming_normal", "kaiming_uniform"}
        | {"lstm_hidden_bias", "normal", "orthogonal", "uniform", "uniform_unit_scaling"}
        | {"xavier_normal", "xavier_uniform", "zero"}
    ),
    "LearningRateScheduler": EVERY,
    "MomentumScheduler": EVERY,
    "MovingAverage": EVERY,
    "Optimizer": EVERY,
    "Predictor": EVERY,  # named by the command
    "Regularizer": EVERY,
    "Seq2SeqEncoder": EVERY,
    "Seq2VecEncoder": frozenset(
        {"alternating_lstm", "augmented_lstm", "bag_of_embeddings", "boe", "cls_pooler", "cnn"}
        | {"cnn-highway", "gru", "lstm", "rnn", "stacked_bidirectional_lstm"}
    ),
    "Serializer": frozenset({"simple"}),
    "SpanExtractor": EVERY,
    "Subcommand": EVERY,  # named by the command line
    "TextFieldEmbedder": frozenset({"basic"}),
    "TokenEmbedder": frozenset({"character_encoding", "embedding", "pass_through"}),
    "TokenIndexer": frozenset({"characters", "single_id"}),
    "TrainModel": frozenset({"default"}),
    "TrainerCallback": frozenset({"console_logger", "should_validate_callback"}),
    "Vocabulary": frozenset({"empty", "extend", "from_files", "from_instances"}),
}
"""Of AllenNLP's own components those that open no file and no connection, by what they are."""

_RESTRICTED: ContextVar[bool] = ContextVar("restricted", default=False)


@contextmanager
def restricted(unless: bool = False) -> Iterator[None]:
    """Within it, only listed components are built; not if the user trusts where they come from."""
    token = _RESTRICTED.set(not unless and not is_trusted())
    try:
        yield
    finally:
        _RESTRICTED.reset(token)


def is_restricted() -> bool:
    """Whether what is being loaded is an archive that is not trusted."""
    return _RESTRICTED.get()


def is_trusted() -> bool:
    """Whether the user said `--trust`."""
    return os.environ.get(TRUST) == "1"


def goes_on_from_an_archive() -> bool:
    """Whether the config of this training holds that of an archive (`fine_tune.jsonnet`)."""
    return os.path.isfile(os.environ.get("FROM", "")) and not is_trusted()


@patches("allennlp.common.registrable")
def only_listed_components_from_an_archive(module: Any) -> Iterator[None]:
    """
    For AllenNLP a name with a dot in it is a class of any library, which it imports and calls with
    the arguments that stand beside the name: `{"type": "subprocess.Popen", "args": "..."}` in an
    archive runs a program.
    """
    yield
    from allennlp.common.checks import ConfigurationError

    registry = module.Registrable._registry
    resolve = module.Registrable.resolve_class_name.__func__

    def resolve_listed(cls: Any, name: str) -> Any:
        if not (is_restricted() or goes_on_from_an_archive()):
            return resolve(cls, name)
        names = ALLOWED.get(cls.__name__, frozenset())
        kind, _ = registry[cls].get(name, (None, None))
        origin = "" if kind is None else kind.__module__.partition(".")[0]
        if origin == PACKAGE or (
            # Optimizers and activations are those of PyTorch.
            origin in ("allennlp", "torch") and (names is EVERY or name in names)
        ):
            return resolve(cls, name)
        allowed = sorted(
            other
            for other, (kind, _) in registry[cls].items()
            if kind.__module__.startswith(f"{PACKAGE}.") or names is EVERY or other in names
        )
        raise ConfigurationError(
            f"the archive names {name!r} as {cls.__name__}; allowed are {', '.join(allowed)}. "
            "If you know who made it, --trust (in Python trust=True) lets it build and run anything"
        )

    module.Registrable.resolve_class_name = classmethod(resolve_listed)


@patches("allennlp.commands")
def commands_that_can_trust(module: Any) -> Iterator[None]:
    """The option `--trust` of all commands that load an archive."""
    yield
    parse_args = module.parse_args

    def with_trust(prog: str | None = None) -> tuple[argparse.ArgumentParser, Any]:
        with _option_of_commands(module):
            parser, arguments = parse_args(prog)
        if hasattr(arguments, "trust"):
            os.environ[TRUST] = "1" if arguments.trust else "0"
        return parser, arguments

    module.parse_args = with_trust


@contextmanager
def _option_of_commands(module: Any) -> Iterator[None]:
    """Within it, the parsers of `COMMANDS` are made with `--trust`."""
    kind = argparse._SubParsersAction
    add_parser = kind.add_parser

    def with_option(self: Any, name: str, **options: Any) -> Any:
        parser = add_parser(self, name, **options)
        if name in COMMANDS:
            parser.add_argument(
                "--trust",
                action="store_true",
                help="let the archive build and run anything, as a program can; "
                "only if you know who made it",
            )
        return parser

    kind.add_parser = with_option  # type: ignore[method-assign]
    try:
        yield
    finally:
        kind.add_parser = add_parser  # type: ignore[method-assign]
