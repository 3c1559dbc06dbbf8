import logging

from locate_label_allennlp.common.tenfold_log import TenfoldLog


def test_the_count_is_said_when_it_has_a_digit_more(caplog):
    said = TenfoldLog(logging.getLogger("here"), "%d things, the last one %s")
    for number in [0, 1, 3, 0, 7, 20, 100, 1]:
        said.add(number, f"after {number}")
    assert said.count == 132
    assert [record.message for record in caplog.records] == [
        "1 things, the last one after 1",
        "11 things, the last one after 7",
        "131 things, the last one after 100",
    ]
