import json
import logging
import shutil
import zipfile

import pytest
from allennlp.common.checks import ConfigurationError

from locate_label_allennlp.data.corpus.files import format_from_text
from locate_label_allennlp.data.corpus.validation import Validation
from locate_label_allennlp.data.document import CorpusError
from locate_label_allennlp.data.formats import AceFormat, AutoFormat, JsonlFormat, Splitting
from tests.data.formats.ldc import errors, surfaces

EXTENTS = [
    ("GPE", "Old Tarn"),
    ("PER", "The mayor of Old Tarn"),
    ("GPE", "Old Tarn"),
    ("ORG", "Reed & Ahl"),
    ("ORG", "a firm of 20 people"),
    ("PER", "20 people"),
    ("PER", "Ahl"),
    ("PER", "They"),
    ("ORG", "Its"),
    ("PER", "Its keeper"),
]


@pytest.fixture
def path(fixtures):
    return str(fixtures / "formats" / "ace")


def changed(fixtures, tmp_path, old, new):
    """The fixture with one piece of its annotation or text replaced."""
    for ending in (".sgm", ".apf.xml"):
        content = (fixtures / "formats" / "ace" / f"HARBOUR_1{ending}").read_text()
        (tmp_path / f"x{ending}").write_text(content.replace(old, new, 1), newline="")
    return str(tmp_path)


def test_extents_of_entities(path, caplog):
    with caplog.at_level(logging.WARNING):
        (document,) = AceFormat().read(path)
    assert document.doc_id == "HARBOUR_1"
    assert surfaces(document) == EXTENTS
    assert caplog.records == []
    # Sentences end at tags and blank lines, headers are none, and lines are those of the file.
    assert [(s.source.rpartition(":")[2], s.words[0]) for s in document.sentences] == [
        *(("7", "Old"), ("10", "The"), ("14", "Ahl"), ("15", "They"), ("15", "Its"))
    ]
    for sentence in document.sentences:
        assert tuple(document.text[slice(*place)] for place in sentence.offsets) == sentence.words


def test_heads(path):
    (document,) = AceFormat(span="head").read(path)
    assert surfaces(document)[1:4] == [("PER", "mayor"), ("GPE", "Old Tarn"), ("ORG", "Reed & Ahl")]
    assert surfaces(document)[-1] == ("PER", "keeper")


def test_kinds_of_mentions(path):
    (document,) = AceFormat(mentions=["NAM", "PRO"]).read(path)
    nominal = {"The mayor of Old Tarn", "a firm of 20 people", "20 people", "Its keeper"}
    assert surfaces(document) == [each for each in EXTENTS if each[1] not in nominal]


def test_values_and_times(path, caplog):
    (document,) = AceFormat(values=True).read(path)
    assert set(surfaces(document)) - set(EXTENTS) == {("Numeric", "20")}
    with caplog.at_level(logging.WARNING):
        (document,) = AceFormat(timex=True).read(path)
    assert set(surfaces(document)) - set(EXTENTS) == {("TIMEX2", "Friday")}
    # The document's own date is in a header.
    (record,) = caplog.records
    assert record.getMessage() == f"{path}: mentions in elements that are left out: 1"
    (document,) = AceFormat(timex=True, left_out=["docid", "DOCTYPE"]).read(path)
    assert ("TIMEX2", "2003 - 05 - 02 07:10:00") in surfaces(document)
    assert document.sentences[0].words[0] == "2003"


def test_one_file_an_archive_and_automatic(path, tmp_path):
    archive = tmp_path / "corpus.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for ending in (".sgm", ".apf.xml"):
            target.write(f"{path}/HARBOUR_1{ending}", f"English/nw/HARBOUR_1{ending}")
    for given in (
        *(f"{path}/HARBOUR_1.apf.xml", f"{path}/*.apf.xml", str(archive)),
        f"{archive}!English/nw/HARBOUR_1.apf.xml",
    ):
        for format in (AceFormat(), AutoFormat()):
            (document,) = format.read(given)
            assert surfaces(document) == EXTENTS
    (document,) = AutoFormat(Splitting(words="characters")).read(path)
    assert surfaces(document)[0] == ("GPE", "O l d T a r n")


def test_into_json_lines(path, tmp_path):
    target = tmp_path / "ace.jsonl"
    documents = list(AceFormat().read(path))
    JsonlFormat().write(documents, str(target))
    (again,) = JsonlFormat().read(str(target))
    assert (again.text, surfaces(again)) == (documents[0].text, EXTENTS)


def test_references(fixtures, tmp_path):
    """The offsets of the fixture count five characters; in a text with one they are wrong."""
    folder = changed(fixtures, tmp_path, "Reed &amp; Ahl", "Reed & Ahl")
    with pytest.raises(
        CorpusError, match=r"x\.apf\.xml:\d+: entity 'ORG' is 'Reed &amp; Ahl', but"
    ):
        list(AceFormat().read(folder))


def test_references_that_count_as_one_character(tmp_path):
    (tmp_path / "x.sgm").write_text("<DOC>Reed &amp; Ahl\r\nsaw <B>Old</B> Tarn.</DOC>", newline="")
    (tmp_path / "x.apf.xml").write_text(
        '<source_file><document DOCID="x"><entity TYPE="GPE"><entity_mention TYPE="NAM"><extent>'
        '<charseq START="15" END="22">Old Tarn</charseq></extent></entity_mention></entity>'
        '<entity TYPE="ORG"><entity_mention TYPE="NAM"><extent>'
        '<charseq START="0" END="9">Reed &amp; Ahl</charseq></extent></entity_mention></entity>'
        "</document></source_file>"
    )
    (document,) = AceFormat().read(str(tmp_path))
    assert surfaces(document) == [("ORG", "Reed & Ahl"), ("GPE", "Old Tarn")]
    # The quoted text may have the reference itself.
    content = (tmp_path / "x.apf.xml").read_text().replace("&amp;", "&amp;amp;")
    (tmp_path / "x.apf.xml").write_text(content)
    assert surfaces(*AceFormat().read(str(tmp_path))) == surfaces(document)
    # Line ends of two bytes, which count as two characters here.
    (tmp_path / "x.apf.xml").write_text(content.replace('15" END="22', '16" END="23'))
    (document,) = AceFormat().read(str(tmp_path))
    assert surfaces(document) == [("ORG", "Reed & Ahl"), ("GPE", "Old Tarn")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('START="50"', 'START="51"', "x.apf.xml:8: entity 'GPE' is 'Old Tarn', but "),
        ('END="57"', 'END="5700"', "x.apf.xml:8: entity 'GPE' from character 50 to 5701 (exclus"),
        ('END="57"', 'END="many"', "x.apf.xml:8: 'charseq' has END 'many'; allowed is a number"),
        (' START="50"', "", "x.apf.xml:8: 'charseq' has no START"),
        (' TYPE="GPE"', "", "x.apf.xml:5: 'entity' has no TYPE"),
        ("extent>", "content>", "x.apf.xml:9: is not XML (mismatched tag)"),
        ('<entity ID="HARBOUR_1-E1"', "<entity &x;", "x.apf.xml:5: is not XML"),
        ("Tarn</charseq>", "T&auml;rn</charseq>", "x.apf.xml:8: character reference &auml; is not"),
        (' DOCID="HARBOUR_1"', "", "x.apf.xml:4: 'document' has no DOCID"),
        ("</document>", "</document><document/>", "x.apf.xml:3: 'source_file' has 2 elements 'doc"),
        ("</DATETIME>", "", "x.sgm:4: element 'DATETIME', which is left out, does not end"),
    ],
)
def test_errors_name_file_and_line(fixtures, tmp_path, old, new, message):
    folder = changed(fixtures, tmp_path, old, new)
    with pytest.raises(CorpusError) as caught:
        list(AceFormat().read(folder))
    assert str(caught.value).startswith(f"{tmp_path}/{message}")
    documents, said = errors(AceFormat(), folder)
    assert str(caught.value) in said
    if "is " not in message[:20] and documents:
        # The rest of the document is read.
        assert len(surfaces(documents[0])) >= len(EXTENTS) - 2
    problems = Validation(AceFormat()).problems(folder)
    reason = str(caught.value).split(": ", 1)[1]
    assert [each for each in problems if each.is_error and each.reason.startswith(reason)]


def test_a_mention_without_its_extent_is_an_error(fixtures, tmp_path):
    folder = changed(fixtures, tmp_path, "", "")
    path = tmp_path / "x.apf.xml"
    content = path.read_text()
    start = content.index("    <extent>")
    end = content.index("</extent>\n") + len("</extent>\n")
    path.write_text(content[:start] + content[end:])
    documents, said = errors(AceFormat(), folder)
    assert said == [f"{path}:6: 'entity_mention' has 0 elements 'extent'; allowed is one"]
    assert surfaces(documents[0]) == EXTENTS[1:]


def test_elements_in_too_many_others(fixtures, tmp_path):
    folder = changed(fixtures, tmp_path, "<document ", "<a>" * 100 + "<document ")
    with pytest.raises(CorpusError, match=r"x\.apf\.xml:4: has elements in more than 100 others"):
        list(AceFormat().read(folder))


def test_states_of_annotation(path, tmp_path):
    for state in ("adj", "fp1"):
        shutil.copytree(path, tmp_path / state)
    with pytest.raises(CorpusError) as caught:
        list(AceFormat().read(str(tmp_path)))
    first, second = (f"{tmp_path}/{state}/HARBOUR_1.apf.xml" for state in ("adj", "fp1"))
    assert str(caught.value).startswith(
        f"{second}:3: document 'HARBOUR_1' is there twice, also as {first}; allowed is one state"
    )
    assert len(list(AceFormat().read(f"{tmp_path}/fp1/*"))) == 1


def test_what_is_not_there(path, tmp_path, caplog):
    with pytest.raises(CorpusError, match=r"has no annotation file; .* ending in \.apf\.xml"):
        list(AceFormat().read(f"{path}/HARBOUR_1.sgm"))
    shutil.copy(f"{path}/HARBOUR_1.apf.xml", tmp_path)
    with pytest.raises(CorpusError, match=r"its text is none; allowed is one of HARBOUR_1\.sgm"):
        list(AceFormat().read(str(tmp_path)))
    shutil.copy(f"{path}/HARBOUR_1.sgm", tmp_path)
    shutil.copy(f"{path}/HARBOUR_1.sgm", tmp_path / "OTHER.sgm")
    with caplog.at_level(logging.WARNING):
        (document,) = AceFormat().read(str(tmp_path))
    assert surfaces(document) == EXTENTS
    (record,) = caplog.records
    assert record.getMessage().endswith(": texts without an annotation file, passed over: 1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"span": "tail"}, "span is 'tail'; allowed are 'extent', 'head'"),
        ({"encoding": "klingon"}, "encoding is 'klingon'"),
        ({"times": True}, "Extra parameters passed to AceFormat: {'times': True}; allowed are"),
    ],
)
def test_arguments_that_are_not_allowed(arguments, message):
    with pytest.raises(ConfigurationError) as caught:
        format_from_text(json.dumps({"type": "ace", **arguments}))
    assert message in str(caught.value)


def test_arguments_of_a_command_line(path):
    format = format_from_text(
        '{"type": "ace", "span": "head", "timex": true, "left_out": ["BODY"], "mentions": ["NAM"],'
        ' "splitting": {"words": "whitespace"}, "encoding": "latin-1"}'
    )
    (document,) = format.read(path)
    assert [sentence.words[0] for sentence in document.sentences] == [
        *("HARBOUR_1", "NEWS", "2003-05-02")
    ]
    assert surfaces(document) == [("TIMEX2", "2003-05-02 07:10:00")]
