import logging

from hypothesis import given
from hypothesis import strategies as st

from faceswap.utils.terminal import (
    LONGEST_LINE,
    PrintableFormatter,
    printable,
    printable_lines,
    single_line,
    warned_once,
)

HOSTILE = "a\x1b]0;owned\x07\x1b[2Jb\rc\x9b31m\u202edfp.exe\u2028d"


def test_nothing_that_a_terminal_obeys_is_left():
    assert printable(HOSTILE) == r"a\x1b]0;owned\x07\x1b[2Jb\x0dc\x9b31m\u202edfp.exe\u2028d"
    assert printable("Zoë 日本 \\x1b.mp4") == "Zoë 日本 \\x1b.mp4"
    assert printable_lines("a\n\tb\x1b") == "a\n\tb\\x1b"


@given(st.text(alphabet=st.characters(max_codepoint=0x2100)))
def test_no_text_brings_a_control_character_through(text):
    shown = printable(text)
    assert not any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 or sign in "\u2028\u2029\u202e" for sign in shown)


def test_an_error_stays_one_bearable_line():
    assert single_line("a\n\n  b\x1b") == r"a b\x1b"
    long = single_line("start " + "x" * 30_000_000 + " what to do")
    assert len(long) <= LONGEST_LINE and long.startswith("start") and long.endswith("what to do")


def test_a_name_in_a_log_record_is_no_line_of_its_own():
    formatter = PrintableFormatter("%(levelname)s: %(message)s")
    try:
        raise ValueError("\x1b[2J")
    except ValueError as error:
        record = logging.makeLogRecord(
            {"msg": "reading %s", "args": ("x\nERROR: all is lost\x1b[2J",), "levelname": "INFO",
             "exc_info": (type(error), error, error.__traceback__)}
        )  # fmt: skip
    first, *traceback = formatter.format(record).splitlines()
    assert first == r"INFO: reading x\x0aERROR: all is lost\x1b[2J"
    assert traceback[0].startswith("Traceback") and "\x1b" not in "".join(traceback)


def test_what_is_true_of_several_trainings_is_told_once(caplog):
    log = logging.getLogger("faceswap.commands.pairs")
    with warned_once():
        for run in ("one", "two"):
            log.warning("no consent is on record")
            log.warning("%s failed", run)
            log.error("same")
    log.warning("no consent is on record")
    assert caplog.messages.count("no consent is on record") == 2, "once within the block, and after it"
    assert "one failed" in caplog.messages and "two failed" in caplog.messages and caplog.messages.count("same") == 2
