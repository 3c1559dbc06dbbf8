import logging
import shutil

import pytest

from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats import AutoFormat, RichEreFormat
from tests.data.formats.ldc import errors, surfaces

MENTIONS = [
    ("GPE", "Tarn"),
    ("ORG", "Tarn & Ahl"),
    ("PER", "The keeper of Old Tarn"),
    ("GPE", "Old Tarn"),
]


@pytest.fixture
def path(fixtures):
    return str(fixtures / "formats" / "ere")


def copied(path, tmp_path, old="", new=""):
    """The fixture in one folder, with a piece of its annotation replaced."""
    shutil.copy(f"{path}/source/harbour1.cmp.txt", tmp_path / "harbour1.xml")
    with open(f"{path}/ere/harbour1.rich_ere.xml") as file:
        content = file.read().replace(old, new, 1)
    (tmp_path / "harbour1.rich_ere.xml").write_text(content)
    return str(tmp_path)


@pytest.mark.parametrize("format", [RichEreFormat(), AutoFormat()])
def test_mentions(format, path, caplog):
    with caplog.at_level(logging.WARNING):
        (document,) = format.read(path)
    assert document.doc_id == "harbour1"
    assert surfaces(document) == MENTIONS
    # Quoted text is not read, and a link ends no sentence.
    assert [s.source for s in document.sentences] == [
        f"{path}/source/harbour1.cmp.txt:{line}" for line in (4, 10)
    ]
    assert [len(s.words) for s in document.sentences] == [4, 9]
    (record,) = caplog.records
    assert record.getMessage() == (
        f"{path}: mentions in tags, such as the authors of posts, left out: 1"
    )


def test_heads_kinds_and_fillers(path):
    (document,) = RichEreFormat(span="head", fillers=True).read(path)
    assert surfaces(document) == [
        *(*MENTIONS[:2], ("PER", "keeper"), ("GPE", "Old Tarn"), ("title", "mate"))
    ]
    (document,) = RichEreFormat(mentions=["NAM"]).read(path)
    assert surfaces(document) == [*MENTIONS[:2], MENTIONS[3]]


def test_quotes_may_be_read(path):
    (document,) = RichEreFormat(left_out=[]).read(path)
    assert len(document.sentences) == 3


def test_one_folder_and_one_file(path, tmp_path):
    folder = copied(path, tmp_path)
    for given in (folder, f"{folder}/harbour1.rich_ere.xml"):
        (document,) = RichEreFormat().read(given)
        assert surfaces(document) == MENTIONS


def test_several_texts(path, tmp_path):
    folder = copied(path, tmp_path)
    shutil.copy(f"{folder}/harbour1.xml", f"{folder}/harbour1.txt")
    with pytest.raises(CorpusError) as caught:
        list(RichEreFormat().read(folder))
    names = " and ".join(f"{folder}/harbour1{ending}" for ending in (".txt", ".xml"))
    assert f"harbour1.rich_ere.xml: its text is {names}; allowed is one of" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('offset="70"', 'offset="71"', ":5: entity 'GPE' is 'Tarn', but "),
        ('offset="70"', "", ":5: 'entity_mention' has no offset"),
        ('length="4"', 'length="-4"', ":5: 'entity_mention' has length '-4'; allowed is a number"),
        ("<mention_text>Tarn</mention_text>", "", ":5: 'entity_mention' has 0 elements 'mention_t"),
        (' type="GPE"', "", ":5: 'entity' has no type"),
    ],
)
def test_errors_name_file_and_line(path, tmp_path, old, new, message):
    folder = copied(path, tmp_path, old, new)
    documents, said = errors(RichEreFormat(), folder)
    line = 4 if "'entity'" in message else 5
    assert said[0].startswith(f"{folder}/harbour1.rich_ere.xml:{line}{message[2:]}")
    assert set(surfaces(documents[0])) < set(MENTIONS)


def test_other_xml(path, tmp_path):
    folder = copied(path, tmp_path, "deft_ere kit", "deft_hopper kit")
    with open(f"{folder}/harbour1.rich_ere.xml") as file:
        content = file.read().replace("</deft_ere>", "</deft_hopper>")
    (tmp_path / "harbour1.rich_ere.xml").write_text(content)
    with pytest.raises(
        CorpusError, match=r":2: its outermost element is 'deft_hopper'; allowed is"
    ):
        list(RichEreFormat().read(folder))
