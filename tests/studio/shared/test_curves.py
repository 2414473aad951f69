"""Curves of a run, read while it writes them."""

from __future__ import annotations

from torch.utils.tensorboard import SummaryWriter

from faceswap.studio.shared.curves import HEIGHT, WIDTH, CurveReader


def test_curves_grow_with_the_run(tmp_path):
    reader = CurveReader()
    assert reader.charts(tmp_path) == []
    writer = SummaryWriter(str(tmp_path))
    for step in range(5):
        writer.add_scalar("loss/a", 1 / (step + 1), step)
        writer.add_scalar("seconds", float("nan"), step)
    writer.flush()
    chart = reader.charts(tmp_path)[0]
    assert (chart.name, chart.step, chart.last, chart.high) == ("loss/a", 4, 0.20000000298023224, 1.0)
    assert chart.line.startswith("0.0,0.0 ") and chart.line.endswith(f"{WIDTH},{HEIGHT}")
    writer.add_scalar("loss/a", 2.0, 5)
    writer.add_scalar("validation", 1.0, 5)
    writer.add_scalar("validation", 0.5, 6)
    writer.close()
    grown = reader.charts(tmp_path)
    assert [chart.name for chart in grown] == ["loss/a", "validation"] and grown[0].last == 2.0


def test_what_a_session_dropped_is_no_longer_drawn(tmp_path):
    reader = CurveReader()
    writer = SummaryWriter(str(tmp_path))
    for step in range(4):
        writer.add_scalar("loss", step, step)
    writer.close()
    assert reader.charts(tmp_path)[0].step == 3
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-40])
    assert reader.charts(tmp_path)[0].step == 2
