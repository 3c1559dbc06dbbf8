import pytest
from allennlp.common import Params

from locate_label_allennlp.data.formats import (
    AutoFormat,
    ColumnsFormat,
    CorpusFormat,
    JsonlFormat,
)


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("nested.jsonl", JsonlFormat()),
        ("inner_first.iob2", ColumnsFormat()),
        ("blanks.conll", ColumnsFormat(pos_column=1)),
    ],
)
def test_the_content_decides_and_not_the_name(fixtures, tmp_path, name, format):
    path = tmp_path / "corpus"
    content = (fixtures / "formats" / name).read_text(encoding="utf-8")
    path.write_text("\n \n" + content.replace(" NOUN ", " O "), encoding="utf-8")
    if name == "blanks.conll":
        with pytest.raises(ValueError, match="label 'DET'"):
            list(AutoFormat().read(str(path)))
    else:
        assert list(AutoFormat().read(str(path))) == list(format.read(str(path))) != []


def test_it_is_the_default():
    assert isinstance(CorpusFormat.from_params(Params({})), AutoFormat)


def test_an_empty_file_has_no_documents(tmp_path):
    (tmp_path / "empty").write_text("\n\n", encoding="utf-8")
    assert list(AutoFormat().read(str(tmp_path / "empty"))) == []
