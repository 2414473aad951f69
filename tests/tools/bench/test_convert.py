import json

from tools.bench import convert


def test_the_sizes_are_measured_with_their_stages(capsys) -> None:
    told = convert.main(["--sizes", "192x144", "--frames", "12", "--without", "memory", "workers"])
    assert json.loads(capsys.readouterr().out) == told
    found = told["sizes"]["192x144"]
    assert found["frames"] == 12 and found["frames_per_second"] > 0 and found["target"] is None
    assert list(found["stages_cpu_ms_a_frame"]) == ["decode", "locate", "swap", "blend", "encode"]
    assert all(spent > 0 for spent in found["stages_cpu_ms_a_frame"].values())
