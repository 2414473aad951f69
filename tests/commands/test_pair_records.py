"""What is read of a run's config.yaml, which may come from a stranger."""

from pathlib import Path

import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.config.swapping import Consent
from faceswap.swap.runs.run_record import record_consent, recorded_pair
from faceswap.utils.errors import UserError
from faceswap.utils.files.workspace import Workspace
from faceswap.utils.limits import YAML_BYTES


def run_with(tmp_path, text):
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    return recorded_pair(tmp_path)


def test_the_pair_and_its_consent_come_back(tmp_path):
    text = "pair: {a: craig, b: 12, consent: {who: Both, purpose: a test, when: 2025-03-01}}"
    consent = {"who": "Both", "purpose": "a test", "when": "2025-03-01"}
    assert run_with(tmp_path, text) == ("craig", "12", consent)


def test_other_keys_and_values_that_are_not_plain_are_left_out(tmp_path):
    *_, consent = run_with(tmp_path, "pair: {a: x, b: y, consent: {who: Both, lawyer: me, purpose: [1], when: {z: 1}}}")
    assert consent == {"who": "Both"}
    Consent(**consent)


def test_a_consent_that_comes_after_the_training_is_recorded_and_all_else_stays(tmp_path):
    said = {"who": "Both", "purpose": "a test", "when": "2026-03-02", "until": ""}
    text = "# made with faceswap 0\npair: {a: '007', b: y, consent: {who: ''}}\niterations: 604\nrun: 'no'\n"
    assert run_with(tmp_path, text) == ("007", "y", {"who": ""}) and not record_consent(tmp_path, {"who": ""})
    assert record_consent(tmp_path, said) and not record_consent(tmp_path, said)
    assert recorded_pair(tmp_path) == ("007", "y", said)
    written = (tmp_path / "config.yaml").read_text()
    assert written.startswith("# made with faceswap 0\n") and written.endswith("iterations: 604\nrun: 'no'\n")


def test_aliases_that_unfold_to_any_size_stay_folded(tmp_path):
    bomb = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]\n" for i in range(1, 12))
    with pytest.raises(UserError, match="aliases"):
        run_with(tmp_path, bomb + "pair: {a: x, b: y, consent: {who: *l11}}")


@pytest.mark.parametrize(
    "text", ["", "pair: 3", "pair: {a: x}", "pair: {a: [x], b: y}", "{", "pair: {a: x, b: y, consent: [1]}",
             "pair: {a: x, b: y}\n#" + "x" * YAML_BYTES]
)  # fmt: skip
def test_what_tells_no_pair_is_one_line(tmp_path, text):
    with pytest.raises(UserError, match=r"config\.yaml does not tell"):
        run_with(tmp_path, text)


def test_a_workspace_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"workspace=.*is a file"):
        Workspace(tmp_path / "file")


@pytest.mark.parametrize(
    ("said", "place"),
    [("", "ws/runs/style"), ("exp1", "ws/runs/exp1"), ("./exp1", "exp1"), ("models/exp1", "models/exp1")],
)
def test_a_run_of_a_generator_is_named_as_other_runs_are(monkeypatch, said, place):
    from faceswap.stylegan import train as command

    monkeypatch.setattr("faceswap.stylegan.training.trainer.train_generator", lambda data, run, *settings: run)
    config = compose_config("stylegan.train", ["workspace=ws", "data=pictures", f"run={said}"])
    assert command.train(config) == Path(place)
