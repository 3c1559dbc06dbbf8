"""What current libraries took away from AllenNLP 2.10.1, and how it is given back."""

import sys
from collections.abc import Iterator
from functools import partial, wraps
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from locate_label_allennlp.patches.finder import patches


@patches("allennlp.common.cached_transformers")
def tokenizers_of_transformers_4(module: Any) -> Iterator[None]:
    """
    transformers 4.44 refuses `AutoTokenizer.from_pretrained(add_special_tokens=...)`, which
    `PretrainedTransformerTokenizer` always passes: no pretrained tokenizer or indexer can be built.
    The argument is dropped; AllenNLP says it again in every call of the tokenizer. transformers 5
    removed two methods, which the tokenizers get back.
    """
    yield
    get_tokenizer = module.get_tokenizer

    def with_removed_methods(model_name: str, **kwargs: Any) -> Any:
        kwargs.pop("add_special_tokens", None)
        tokenizer = get_tokenizer(model_name, **kwargs)
        if not hasattr(tokenizer, "encode_plus"):
            tokenizer.encode_plus = tokenizer
        if not hasattr(tokenizer, "build_inputs_with_special_tokens"):
            tokenizer.build_inputs_with_special_tokens = partial(_with_special_pieces, tokenizer)
        return tokenizer

    module.get_tokenizer = with_removed_methods


def _with_special_pieces(tokenizer: Any, ids: list[int]) -> list[int]:
    from locate_label_allennlp.common.encoders import special_pieces

    before, after = special_pieces(tokenizer)
    return [*before, *ids, *after]


@patches("allennlp.common.push_to_hf")
def removed_names_of_the_hub(module: Any) -> Iterator[None]:
    """
    huggingface_hub 1.0 removed `HfFolder` and `Repository`: nothing can be imported. While that one
    module is imported they stand for themselves; it pushes models to the hub, which then says so.
    """
    import huggingface_hub

    names = [name for name in ("HfFolder", "Repository") if not hasattr(huggingface_hub, name)]
    for name in names:
        setattr(huggingface_hub, name, _RemovedFromHub())
    try:
        yield
    finally:
        for name in names:
            delattr(huggingface_hub, name)


class _RemovedFromHub:
    """Raises when it is used."""

    def __getattr__(self, name: str) -> Any:
        self()

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        raise ImportError("AllenNLP's push_to_hf needs huggingface_hub<1, which is not installed.")


@patches("allennlp.training.optimizers")
def huggingface_adamw(module: Any) -> Iterator[None]:
    """
    transformers 4.50 removed `AdamW`, the base class of the optimizer `huggingface_adamw`: nothing
    can be imported. PyTorch's AdamW takes its place while that one module is imported.
    """
    import torch
    import transformers

    class AdamW(torch.optim.AdamW):
        def __init__(self, params: Any, correct_bias: bool = True, **kwargs: Any) -> None:
            if not correct_bias:
                raise ValueError(
                    "'huggingface_adamw' with 'correct_bias: false' went with transformers 4.50: "
                    "leave the key out, or use the optimizer 'adamw'."
                )
            super().__init__(params, **kwargs)

    transformers.AdamW = AdamW  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del transformers.AdamW  # type: ignore[attr-defined]


class _NoTorchvision(ModuleType):
    """Stands for a module of torchvision; says what is missing when something is asked of it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError("AllenNLP's image components need torchvision, which is not installed.")


@patches(
    "allennlp.data.image_loader",
    "allennlp.modules.vision.grid_embedder",
    "allennlp.modules.vision.region_detector",
)
def torchvision_not_needed(module: Any) -> Iterator[None]:
    """
    AllenNLP imports torchvision even for text, and a build of it that does not fit that of torch
    fails. Where there is none, these three modules get a stand-in that raises when used. It is gone
    once they are imported, so that no other library mistakes it for the real one.
    """
    if find_spec("torchvision") is not None:
        yield
        return

    torchvision: Any = _NoTorchvision("torchvision")
    torchvision.ops = _NoTorchvision("torchvision.ops")
    torchvision.ops.boxes = _NoTorchvision("torchvision.ops.boxes")
    stand_ins = (torchvision, torchvision.ops, torchvision.ops.boxes)
    sys.modules.update({stand_in.__name__: stand_in for stand_in in stand_ins})
    try:
        yield
    finally:
        for stand_in in stand_ins:
            del sys.modules[stand_in.__name__]


@patches("allennlp.data.data_loaders.multiprocess_data_loader")
def locks_for_spawned_workers(module: Any) -> Iterator[None]:
    """
    Python 3.11.5 refuses to pass a lock of the fork context to a spawned process: the data loader
    with `start_method: "spawn"` cannot start workers. A lock of the spawn context serves both.
    """
    yield
    get_context = module.mp.get_context
    module.mp = SimpleNamespace(get_context=get_context, RLock=get_context("spawn").RLock)


@patches("allennlp.training.checkpointer")
def numpy_numbers_in_training_state(module: Any) -> Iterator[None]:
    """
    torch 2.6 loads files with `weights_only=True`: `--recover` fails when the training state holds
    numpy numbers, as the `cosine` scheduler and some metrics leave there. They are declared safe.
    """
    import numpy
    import torch

    yield
    kinds = ("bool", "int32", "int64", "float32", "float64")
    scalar: Any = numpy.float64(0).__reduce__()[0]
    safe = [scalar, numpy.dtype, *(type(numpy.dtype(kind)) for kind in kinds)]
    torch.serialization.add_safe_globals(safe)


@patches("allennlp.training.learning_rate_schedulers.pytorch_lr_schedulers")
def reduce_on_plateau_without_verbose(module: Any) -> Iterator[None]:
    """
    torch 2.7 removed `ReduceLROnPlateau(verbose=...)`, which AllenNLP always passes: the scheduler
    `reduce_on_plateau` cannot be built. It still takes the key `verbose`, and does not pass it on.
    """
    from torch.optim.lr_scheduler import ReduceLROnPlateau

    yield
    scheduler = module.ReduceOnPlateauLearningRateScheduler

    @wraps(scheduler.__init__)
    def init(self: Any, optimizer: Any, *, verbose: bool = False, **options: Any) -> None:
        super(scheduler, self).__init__(ReduceLROnPlateau(optimizer, **options))

    scheduler.__init__ = init


@patches("allennlp.nn.parallel.ddp_accelerator", "allennlp.training.gradient_descent_trainer")
def current_names_of_amp(module: Any) -> Iterator[None]:
    """
    torch 2.4 deprecated `torch.cuda.amp.autocast` and `GradScaler`: training warns, even without
    mixed precision. The two modules that use them get the current names of the same classes.
    """
    from torch.amp import GradScaler, autocast

    yield
    module.amp = SimpleNamespace(
        autocast=lambda enabled: autocast("cuda", enabled=enabled),
        GradScaler=lambda: GradScaler("cuda"),
    )


@patches("allennlp_models.rc.tools.narrativeqa")
def no_nltk_downloads(module: Any) -> Iterator[None]:
    """
    allennlp-models downloads two NLTK data sets when it is imported and they are missing: seconds
    and errors at every start without a network. Nothing is downloaded; who scores NarrativeQA gets
    NLTK's own message about what to download.
    """
    import nltk

    download = nltk.download
    nltk.download = lambda *args, **kwargs: False
    try:
        yield
    finally:
        nltk.download = download


@patches("rouge.rouge")
def rouge_without_setuptools(module: Any) -> Iterator[None]:
    """
    py-rouge, which allennlp-models imports, finds its files by `pkg_resources`, which setuptools 82
    removed. A stand-in with the one function that it calls is there while it is imported.
    """

    def resource_filename(package: str, name: str) -> str:
        return str(Path(module.__file__).with_name(name))

    stand_in: Any = ModuleType("pkg_resources")
    stand_in.resource_filename = resource_filename
    before = {name: sys.modules[name] for name in [stand_in.__name__] if name in sys.modules}
    sys.modules[stand_in.__name__] = stand_in
    try:
        yield
    finally:
        del sys.modules[stand_in.__name__]
        sys.modules.update(before)
