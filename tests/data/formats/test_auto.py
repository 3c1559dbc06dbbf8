import pytest
from allennlp.common import Params

from locate_label_allennlp.data.formats import (
    AutoFormat,
    ColumnsFormat,
    CorpusFormat,
    JsonlFormat,
)


@pytest.mark.parametrize(
    ("name", "format"), [("nested.jsonl", JsonlFormat()), ("inner_first.iob2", ColumnsFormat())]
)
def test_the_content_decides_and_not_the_name(fixtures, tmp_path, name, format):
    path = tmp_path / "corpus"
    path.write_bytes(b"\n \n" + (fixtures / "formats" / name).read_bytes())
    assert list(AutoFormat().read(str(path))) == list(format.read(str(path))) != []


def test_it_is_the_default():
    assert isinstance(CorpusFormat.from_params(Params({})), AutoFormat)


def test_an_empty_file_has_no_documents(tmp_path):
    (tmp_path / "empty").write_text("\n\n", encoding="utf-8")
    assert list(AutoFormat().read(str(tmp_path / "empty"))) == []
