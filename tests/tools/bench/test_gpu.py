from __future__ import annotations

import pytest
import torch

from tools.bench.gpu import main


def test_without_a_gpu_it_says_so_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit) as ended:
        main([])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and "no NVIDIA GPU" in said and said.count("\n") == 1


def test_the_same_code_on_a_cpu(capsys):
    result = main(["--device", "cpu", "--small", "--batches", "2", "--steps", "2", "--workers", "0"])
    row = result["2 x 2"]
    assert result["machine"]["device"] == "cpu" and result["matrix_tflops"] > 0
    assert row["images_per_second"] == pytest.approx(4e3 / row["step_ms"], rel=0.05, abs=0.06)
    assert 0 <= row["waiting_share"] < 1 and row["plain_eager_fp32"] > 0
    assert ("2 x 2, three steps" in capsys.readouterr().err) == (row["rate_share"] < 0.45)


def test_operations_are_counted_as_the_benchmark_of_models_counts_them():
    from types import SimpleNamespace

    from tools.bench.gpu import Bench
    from tools.bench.models import main as models

    bench = Bench.__new__(Bench)
    bench.options = SimpleNamespace(small=False)
    # It takes the way back as twice the way forward; the first layer has no gradient for its pictures.
    assert bench._flops(1) == pytest.approx(2e9 * models(["--batch", "1"])["original"]["step_gmac"], rel=0.02)
