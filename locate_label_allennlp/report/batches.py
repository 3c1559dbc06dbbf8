"""The batches of a corpus for the model of an archive."""

from typing import TYPE_CHECKING, Any, Dict, Iterable, Optional

if TYPE_CHECKING:
    from allennlp.models.archival import Archive

BATCH_SIZE = 32
"""Sentences at a time, where the config does not say how they are loaded."""


def corpus_batches(
    archive: "Archive", path: str, batch_size: Optional[int], cuda_device: int
) -> Iterable[Dict[str, Any]]:
    """
    # Parameters

    archive : `Archive`
    path : `str`
        A corpus for the archive's reader.
    batch_size : `int`, optional
        Sentences at a time; by default as the config's `validation_data_loader` says.
    cuda_device : `int`

    # Returns

    `Iterable[Dict[str, Any]]`
        On that device, read as they are needed.
    """
    from allennlp.common import Tqdm
    from allennlp.common.util import int_to_device
    from allennlp.data import DataLoader
    from allennlp.data.data_loaders import MultiProcessDataLoader
    from allennlp.nn.util import move_to_device

    from locate_label_allennlp.patches.trust import restricted

    reader = archive.validation_dataset_reader
    params = archive.config.get("validation_data_loader", None)
    loader: DataLoader
    if params is None or batch_size is not None:
        batch_size = batch_size or BATCH_SIZE
        # Read as they are needed rather than all at once.
        loader = MultiProcessDataLoader(
            reader=reader,
            data_path=path,
            batch_size=batch_size,
            max_instances_in_memory=64 * batch_size,
            quiet=True,
        )
    else:
        with restricted():
            loader = DataLoader.from_params(params=params, reader=reader, data_path=path)
    loader.index_with(archive.model.vocab)
    device = int_to_device(cuda_device)
    loader.set_target_device(device)
    for batch in Tqdm.tqdm(loader, desc="batches", total=None):
        yield move_to_device(batch, device)
