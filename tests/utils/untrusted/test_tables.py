"""Tables of other programs have bounded numbers of rows and values."""

import pytest

from faceswap.utils.errors import UserError
from faceswap.utils.limits import TABLE_ROWS, TABLE_VALUES
from faceswap.utils.untrusted.tables import read_table, rows_of


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a\n" + "1\n" * (TABLE_ROWS + 1), "more than 1,000,000 rows"),
        ("a\n" + "," * (TABLE_VALUES + 1), "more than 5,000,000 values"),
        (",".join(map(str, range(10_000))) + "\n0" * 501, "502 rows of 10,000 values"),
    ],
    ids=["rows", "values", "rows times values"],
)
def test_a_table_that_would_take_much_more_memory_than_its_file_is_refused(tmp_path, content, told):
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(UserError, match=f"^{tmp_path}/t.csv: {told}") as caught:
        read_table(tmp_path / "t.csv")
    assert len(str(caught.value)) < 160 + len(str(tmp_path))


def test_a_million_rows_are_taken():
    assert len(rows_of("1\n" * TABLE_ROWS, "t")) == TABLE_ROWS + 1
