"""Pair files: data, read as texts, the user's before the shipped one."""

import pytest

from faceswap.cli.composing.compose import compose_config
from faceswap.cli.composing.pair_files import read_pair
from faceswap.utils.errors import UserError


@pytest.fixture
def pair(tmp_path):
    def compose(text, *arguments, command="train", name="craig_brosnan"):
        (tmp_path / "pair").mkdir(exist_ok=True)
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "pair" / f"{name}.yaml").write_bytes(content)
        return compose_config(command, [f"pair={name}", *arguments], tmp_path)

    return compose


def test_the_users_file_with_its_consent_comes_before_the_shipped_one(pair):
    said = {"who": "both actors", "purpose": "the short film Doubles", "when": "2026-03-02", "until": "2027-12-31"}
    consent = pair(f"a: craig\nb: brosnan\nconsent: {{{', '.join(f'{key}: {text}' for key, text in said.items())}}}\n")
    assert vars(consent.pair.consent) == said
    assert compose_config("train", ["pair=craig_brosnan"]).pair.consent.who == ""


@pytest.mark.parametrize(
    "name",
    ["007", "1_0", "no", "yes", "on", "1e5", "0x10", "1:30", "2026-03-02", "1.0", ".inf", "true", "08", "+1", "é"],
)
def test_names_stay_the_texts_that_stand_there(tmp_path, name):
    (tmp_path / "x.yaml").write_text(f"a: {name}\nb: {name}b\nconsent: {{who: {name}, when: {name}}}\n")
    found = read_pair(tmp_path / "x.yaml")
    assert (found.a, found.b, found.consent.who, found.consent.when) == (name, f"{name}b", name, name)


def test_several_face_sets_of_one_person(pair):
    assert pair("a: [x, 007]\nb: y\n").pair.a == "[x,007]" == compose_config("train", ["pair.a=[x,007]"]).pair.a


def test_nothing_is_nobody(pair):
    found = pair("a: x\nb: y\nconsent: {who: null, purpose: ~, when: }\n").pair
    assert (found.consent.who, found.consent.purpose, found.consent.when) == ("", "", "")


def test_settings_of_the_command_line_count_more_in_any_order(pair):
    text = "a: x\nb: y\nconsent: {who: file}\n"
    assert pair(text, "pair.b=z", "pair.consent.who=me").pair.b == "z"
    assert compose_config("train", ["pair.b=z", "pair=craig_brosnan"]).pair.b == "z"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: x\nb: y\nconzent: {who: me}\n", "no 'conzent' (did you mean 'consent'?)"),
        ("a: x\nb: y\nconsent: {wo: me}\n", "no 'consent.wo' (did you mean 'who'?)"),
        ("a: x\nb: y\nconsent: me\n", "consent: 'who, purpose, when, until' are wanted"),
        ("a: [x, [y]]\nb: y\n", "a: one text is wanted"),
        ("a: x\nb: y\nconsent: {who: [x]}\n", "consent.who: one text is wanted"),
        ("a: x\nb: y\nloss: {_target_: evil.x}\n", "no 'loss'"),
        ("_target_: evil.x\na: x\nb: y\n", "no '_target_'"),
        ("# @package _global_\na: x\nb: y\n", "'# @package'"),
        ("#@package _global_\na: x\nb: y\n", "'# @package'"),
        ("\n\n# mine\n# @package _global_\na: x\nb: y\n", "'# @package'"),
        ("defaults: [other]\na: x\nb: y\n", "no 'defaults'"),
        ("hydra: {run: {dir: x}}\na: x\nb: y\n", "no 'hydra'"),
        ("a: x\nb: y\nconsent: {who: '${oc.env:TOKEN}'}\n", "'${...}' is not resolved"),
        ("a: ${pair.b}\nb: y\n", "'${...}' is not resolved"),
        ("a: !!python/name:os.system x\nb: y\n", "tag"),
        ("a: x\na: y\nb: z\n", "twice"),
        ("a: \"x\\0\"\nb: y\n", "NUL"),
        ("- a\n", "are wanted"),
        ("a: x\n b: y\n", "no YAML"),
        (b"\xff\xfea: xy", "UTF-16"),
        (b"\x89PNG\0\0\0\0\0", "UTF-16"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_the_file(tmp_path, text, says):
    path = tmp_path / "craig_brosnan.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError) as caught:
        read_pair(path)
    assert says in str(caught.value) and "craig_brosnan.yaml" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_files_of_other_programs(tmp_path, encoding, caplog):
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    (tmp_path / "x.yaml").write_bytes(mark + "a: müller\r\nb: brosnan\r\n".encode(encoding))
    found = read_pair(tmp_path / "x.yaml")
    assert (found.a, found.b) == ("müller", "brosnan")
    assert ("cp1252" in caplog.text) == (encoding == "cp1252")


@pytest.mark.parametrize(
    "arguments",
    [("pair=x_y", "run=exp1"), ("run=exp1", "pair=x_y"), ("pair=x_y", "pair.name=exp1"), ("pair.name=exp1", "pair=x_y"),
     ("pair.a=x", "run=exp1", "pair.b=y")],
)  # fmt: skip
def test_a_run_is_named_in_any_order(tmp_path, arguments):
    from faceswap.commands.pairs import run_to_train
    from faceswap.utils.files.workspace import Workspace

    for name in "xy":
        (tmp_path / "faces" / name).mkdir(parents=True)
    run, pair = run_to_train(compose_config("train", [*arguments, f"workspace={tmp_path}"]), Workspace(tmp_path))
    assert run == tmp_path / "runs" / "exp1"
    assert (pair.name, pair.a, pair.b) == ("x_y", "x", "y")


def test_a_name_that_can_be_read_in_two_ways_is_told_as_such(tmp_path):
    from faceswap.commands.pairs import run_to_train
    from faceswap.utils.files.workspace import Workspace

    for name in ("a", "b_c", "a_b", "c"):
        (tmp_path / "faces" / name).mkdir(parents=True)
    with pytest.raises(UserError, match=r"2 ways: say pair.a=a pair.b=b_c, or pair.a=a_b pair.b=c"):
        run_to_train(compose_config("train", ["pair=a_b_c"]), Workspace(tmp_path))


def test_a_run_and_a_pair_that_contradict_each_other(tmp_path):
    from faceswap.commands.pairs import chosen_run
    from faceswap.config.build import to_yaml
    from faceswap.utils.files.workspace import Workspace

    trained = compose_config("train", ["pair.a=x", "pair.b=y", "run=exp1"])
    (tmp_path / "runs" / "exp1").mkdir(parents=True)
    (tmp_path / "runs" / "exp1" / "config.yaml").write_text(to_yaml(trained))
    workspace = Workspace(tmp_path)
    assert chosen_run(compose_config("convert", ["run=exp1"]), workspace).name == "exp1"
    assert chosen_run(compose_config("convert", ["pair.a=x", "pair.b=y", "run=exp1"]), workspace).name == "exp1"
    assert chosen_run(compose_config("convert", [f"run={tmp_path}/runs/exp1"]), workspace).name == "exp1"
    with pytest.raises(UserError, match="trained on x and y, not on x and z"):
        chosen_run(compose_config("convert", ["pair.a=x", "pair.b=z", "run=exp1"]), workspace)
    with pytest.raises(UserError, match="no run 'exp2'"):
        chosen_run(compose_config("convert", ["run=exp2"]), workspace)
