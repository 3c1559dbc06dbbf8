"""What is wrong with the archive of a model, said in one line."""

import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from locate_label_allennlp.patches.finder import patches

MISFIT = "Error(s) in loading state_dict"


@patches("allennlp.models.archival")
def archives_that_cannot_be_loaded(module: Any) -> Iterator[None]:
    """
    For an archive that is missing, cut off or none, AllenNLP shows a traceback that does not name
    the archive, and it leaves what it has unpacked in a temporary folder. Nor does it look whether
    the device is there.
    """
    yield
    load_archive = module.load_archive

    def load_archive_or_say_why_not(
        archive_file: Any, cuda_device: int = -1, *arguments: Any, **options: Any
    ) -> Any:
        from allennlp.common.checks import ConfigurationError, check_for_gpu

        check_for_gpu(cuda_device)
        try:
            if os.path.isdir(archive_file):
                check_folder(archive_file)
            return load_archive(archive_file, cuda_device, *arguments, **options)
        except (FileNotFoundError, EOFError, tarfile.TarError, zlib.error) as error:
            reason = f"{_one_line(error)}; allowed is a model.tar.gz or the folder of a training"
            raise ConfigurationError(f"{archive_file} cannot be loaded: {reason}") from error
        except OSError as error:
            raise ConfigurationError(
                f"{archive_file} cannot be loaded: {_one_line(error)}"
            ) from error
        except RuntimeError as error:
            if MISFIT not in str(error):
                raise
            reason = f"its weights do not fit its config: {_one_line(error)}"
            raise ConfigurationError(f"{archive_file} cannot be loaded: {reason}") from error

    module.load_archive = load_archive_or_say_why_not
    module.extracted_archive = extracted_archive


def check_folder(folder: Any) -> None:
    """Raises a `FileNotFoundError` for a folder that no training has filled."""
    if not os.path.isfile(os.path.join(folder, "config.json")):
        raise FileNotFoundError("the folder has no config.json")


@contextmanager
def extracted_archive(resolved_archive_file: str, cleanup: bool = True) -> Iterator[str]:
    """As AllenNLP's, but whatever goes wrong, no temporary folder is left."""
    folder = tempfile.mkdtemp()
    keep = False
    try:
        with tarfile.open(resolved_archive_file, "r:gz") as archive:
            archive.extractall(folder)
        yield folder
        keep = not cleanup
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
