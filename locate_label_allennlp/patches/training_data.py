"""What AllenNLP asks of the data of a training."""

from collections.abc import Iterator
from functools import wraps
from typing import Any

from locate_label_allennlp.patches.finder import patches


@patches("allennlp.training.util")
def null_is_no_data(module: Any) -> Iterator[None]:
    """
    That the path of dev or test data is `null` means for `train` that there are none; the other
    commands (`find-lr`, `build-vocab`) try to read it.
    """
    yield
    data_loaders_from_params = module.data_loaders_from_params

    @wraps(data_loaders_from_params)
    def loaders(params: Any, *arguments: Any, **options: Any) -> Any:
        for name in ("validation_data_path", "test_data_path"):
            if params.get(name) is None:
                params.pop(name, None)
        return data_loaders_from_params(params, *arguments, **options)

    module.data_loaders_from_params = loaders


@patches("allennlp.commands.train")
def training_needs_entities(module: Any) -> Iterator[None]:
    """
    AllenNLP reads the corpora, makes the vocabulary and then the model, with nothing to hook on to
    in between: without a single entity, which is what a wrong format often comes to, it stops at
    the empty vocabulary with a `KeyError`, or trains on nothing. It is an error as soon as the
    training corpus has been read, for every model and trainer.
    """
    yield
    build = module.TrainModel.from_partial_objects.__func__

    @wraps(build)
    def checked(cls: Any, **options: Any) -> Any:
        given, path = options["data_loader"], options["train_data_path"]
        training = []

        def construct(**arguments: Any) -> Any:
            loader = given.construct(**arguments)
            if arguments["data_path"] == path:
                check_has_entities(loader, path)
                training.append(loader)
            return loader

        built = build(cls, **{**options, "data_loader": module.Lazy(construct)})
        if options["local_rank"] == 0:
            from locate_label_allennlp.training.types_of_archive import log_types

            log_types(built.model.vocab, training[0], path)
        return built

    module.TrainModel.from_partial_objects = classmethod(checked)


def check_has_entities(loader: Any, path: Any) -> None:
    """A `CorpusError` if the reader gives entities, and the whole corpus has none."""
    from locate_label_allennlp.data.document import CorpusError
    from locate_label_allennlp.data.fields import EntitiesField

    for instance in loader.iter_instances():
        given = [each for each in instance.fields.values() if isinstance(each, EntitiesField)]
        if not given or any(given):
            return
    raise CorpusError("has no entity to train on; allowed are corpora with at least one", path)
