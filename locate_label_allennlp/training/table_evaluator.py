"""AllenNLP's evaluation, with results that a person can read."""

from typing import Any, Dict

from allennlp.data import DataLoader
from allennlp.evaluation import Evaluator, SimpleEvaluator
from allennlp.models import Model
from overrides import overrides

from locate_label_allennlp.training.results_table import print_results


class _Shown(Dict[str, float]):
    """Metrics for the progress bar, to which AllenNLP's evaluator would add the loss."""

    def __setitem__(self, name: str, value: float) -> None:
        pass


@Evaluator.register("results_table")
class TableEvaluator(SimpleEvaluator):
    """
    `SimpleEvaluator`, except that its progress bar shows F1 alone, and that at its end it prints a
    table of the results: of all entities, by type, by length and by nesting. What it returns and
    writes is the same. The command `allennlp evaluate` uses it.
    """

    @overrides(check_signature=False)
    def __call__(
        self, model: Model, data_loader: DataLoader, *arguments: Any, **options: Any
    ) -> Dict[str, Any]:
        get_metrics, group_metrics = model.get_metrics, getattr(model, "group_metrics", None)
        results: Dict[str, float] = {}

        def metrics(reset: bool = False) -> Dict[str, float]:
            if not reset:
                shown = ("micro_f1", "oracle_span_f1")
                running = get_metrics().items()
                return _Shown({name: value for name, value in running if name in shown})
            if group_metrics is not None:
                results.update(group_metrics())
            return get_metrics(reset=True)

        model.get_metrics = metrics  # type: ignore[method-assign]
        try:
            final: Dict[str, Any] = super().__call__(model, data_loader, *arguments, **options)
        finally:
            del model.get_metrics
        path = getattr(data_loader, "data_path", "")
        print_results({**final, **results}, f"Results on {path}" if path else "")
        return final
