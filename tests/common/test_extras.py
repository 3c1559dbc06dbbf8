import sys

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.bulk.libraries import library
from locate_label_allennlp.common.extras import import_extra
from locate_label_allennlp.serving.server import serve
from locate_label_allennlp.serving.settings import Settings


def test_what_is_there_is_imported() -> None:
    assert import_extra("json.decoder", "serve") is sys.modules["json.decoder"]


@pytest.mark.parametrize(("module", "extra"), [("uvicorn", "serve"), ("ray", "bulk")])
def test_what_is_missing_is_said(module: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigurationError) as error:
        serve({}, Settings(), "127.0.0.1", 0) if extra == "serve" else library(module)
    assert str(error.value) == (
        f"{module} is missing, which the extra {extra!r} has: in a clone of the repository pip "
        f'install -r requirements-{extra}.txt, else pip install "locate-label-allennlp[{extra}]"'
    )
