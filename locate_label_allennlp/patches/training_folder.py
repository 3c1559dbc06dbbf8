"""What `allennlp train` does with its folder."""

import argparse
from collections.abc import Iterator
from functools import wraps
from typing import Any

from locate_label_allennlp.patches.finder import patches


@patches("allennlp.commands.train")
def one_training_in_a_folder(module: Any) -> Iterator[None]:
    """
    AllenNLP lets two processes train in the same folder, makes the vocabulary anew when it recovers
    a training, whatever the corpus has become, and of a changed config it does not say in its error
    what has changed. On a full disk it does not say where.
    """
    yield
    add_subparser, train_model = module.Train.add_subparser, module.train_model
    build, training_util = module.TrainModel.from_partial_objects.__func__, module.training_util

    def with_forced_recovery(self: Any, parser: Any) -> argparse.ArgumentParser:
        subparser: argparse.ArgumentParser = add_subparser(self, parser)
        subparser.add_argument(
            "--force-recover",
            dest="recover",
            action="store_const",
            const="forced",
            help="as --recover, even if the corpus or the config has changed since",
        )
        return subparser

    class TrainingUtil:
        """AllenNLP's module, except for one function."""

        def __getattr__(self, name: str) -> Any:
            return getattr(training_util, name)

        @staticmethod
        def create_serialization_dir(*arguments: Any) -> None:
            from locate_label_allennlp.training.training_folder import open_training_folder

            open_training_folder(*arguments)

    @wraps(train_model)
    def train_alone(params: Any, serialization_dir: Any, *arguments: Any, **options: Any) -> Any:
        from locate_label_allennlp.common.whole_files import FULL
        from locate_label_allennlp.training.training_folder import unlock

        try:
            return train_model(params, serialization_dir, *arguments, **options)
        except OSError as error:
            if error.errno in FULL and error.filename is None:
                raise OSError(error.errno, error.strerror, str(serialization_dir)) from error
            raise
        finally:
            unlock(serialization_dir)

    @wraps(build)
    def with_fixed_vocabulary(
        cls: Any, serialization_dir: Any, local_rank: int, model: Any, **options: Any
    ) -> Any:
        from locate_label_allennlp.training.training_folder import fixed_vocabulary

        vocabulary = options.pop("vocabulary", module.Lazy(module.Vocabulary))
        fixed = fixed_vocabulary(vocabulary, model, serialization_dir, local_rank == 0)
        options.update(fixed, serialization_dir=serialization_dir, local_rank=local_rank)
        return build(cls, **options)

    module.Train.add_subparser = with_forced_recovery
    module.training_util = TrainingUtil()
    module.train_model = train_alone
    module.TrainModel.from_partial_objects = classmethod(with_fixed_vocabulary)
