"""The folder of a report, whole or not at all."""

import json

from allennlp.common.util import JsonDict

from locate_label_allennlp.common import whole_folders
from locate_label_allennlp.common.whole_folders import whole_folder
from locate_label_allennlp.report.page import page

PAGE, NUMBERS = "report.html", "report.json"


def check_writable(folder: str, force: bool) -> None:
    """
    Finds out before a model runs whether its report could be written. Leaves nothing behind.

    # Errors

    `ConfigurationError` if a report cannot be written to `folder`; also if `folder` exists and is
    not empty, unless `force` allows to replace a report that lies there; anything else is never
    replaced.
    """
    whole_folders.check_writable(folder, {PAGE, NUMBERS}.issuperset, "a report", force)


def write_report(report: JsonDict, folder: str) -> None:
    """
    Writes `report.html` and `report.json`; the folder takes its place once both are there.

    # Errors

    `ConfigurationError` if that is not possible.
    """
    numbers = json.dumps(report, ensure_ascii=False, separators=(",", ":"))
    files = {NUMBERS: numbers + "\n", PAGE: page(report)}
    needed = sum(len(text.encode()) for text in files.values())
    with whole_folder(folder, needed) as partial:
        for name, text in files.items():
            (partial / name).write_text(text, encoding="utf-8")
