"""What `allennlp evaluate` shows."""

from collections.abc import Iterator
from typing import Any

from locate_label_allennlp.patches.finder import patches
from locate_label_allennlp.patches.trust import restricted


@patches("allennlp.commands.evaluate")
def results_as_a_table(module: Any) -> Iterator[None]:
    """
    AllenNLP's command logs its results as JSON, and its progress bar shows every metric. Its
    default evaluator becomes ours; a config that names another keeps it. How data are loaded
    comes from the archive's config, and is restricted like the rest of it.
    """
    yield
    evaluate_from_args = module.evaluate_from_args

    def with_table(arguments: Any) -> Any:
        import locate_label_allennlp.training.table_evaluator  # noqa: F401

        before = module.Evaluator.default_implementation
        module.Evaluator.default_implementation = "results_table"
        try:
            with restricted():
                return evaluate_from_args(arguments)
        finally:
            module.Evaluator.default_implementation = before

    module.evaluate_from_args = with_table
