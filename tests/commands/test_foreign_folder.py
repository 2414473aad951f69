"""Commands typed in a folder of somebody else's: nothing that lies there is run."""

from tests.commands.conftest import one_line_error, run_process


def test_modules_and_plugins_of_the_current_folder_are_not_executed(tmp_path):
    (tmp_path / "hydra_plugins").mkdir()
    names = ("yaml", "torch", "numpy", "hydra", "pickle", "random", "hydra_plugins/mine", "albumentations", "cv2")
    for name in names:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'EXECUTED')!r}, 'a').write({name!r})\n")
    told = one_line_error(run_process("train", "pair.a=x", "pair.b=y", cwd=tmp_path, code=2))
    assert "no face set 'x'" in told
    assert not (tmp_path / "EXECUTED").exists()
