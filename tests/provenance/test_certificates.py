"""The user's own certificate, made once, and one that the user names."""

import datetime
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from faceswap.provenance import certificates, own_certificate
from faceswap.provenance.certificates import choose, own_path, signing_certificate, users_certificate
from faceswap.provenance.own_certificate import new_certificate
from faceswap.utils.errors import UserError


@pytest.fixture(autouse=True)
def settings_folder(tmp_path, monkeypatch):
    """A folder of the user's settings for each test, and nothing chosen by others."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(certificates, "_chosen", [])
    return tmp_path / "config"


def written(folder, made, certificate="mine.pem", key="mine.key"):
    """The two files of a certificate, as the settings name them."""
    (folder / certificate).write_bytes(made.chain)
    (folder / key).write_bytes(made.key)
    return str(folder / certificate), str(folder / key)


def test_one_of_the_users_own_is_made_once_and_only_they_can_read_it():
    first = signing_certificate()
    certificates._chosen.clear()
    assert signing_certificate() == first
    assert stat.S_IMODE(own_path().stat().st_mode) == 0o600
    assert stat.S_IMODE(own_path().parent.stat().st_mode) == 0o700
    assert [path.name for path in own_path().parent.iterdir()] == [own_path().name]
    assert "BEGIN PRIVATE KEY" not in repr(first)


def test_of_commands_that_begin_at_once_the_first_ones_is_taken():
    first = signing_certificate()
    assert own_certificate._keep(new_certificate(), own_path()) == first


@pytest.mark.parametrize("content", [b"", b"rubbish", b"-----BEGIN PRIVATE KEY-----\nx"])
def test_a_damaged_one_is_made_anew(content):
    own_path().parent.mkdir(parents=True)
    own_path().write_bytes(content)
    made = signing_certificate()
    certificates._chosen.clear()
    assert signing_certificate() == made


def test_one_that_is_about_to_run_out_is_made_anew(monkeypatch):
    old = own_certificate._keep(new_certificate(days=0.5), _folder_of_own())
    assert signing_certificate().chain != old.chain


def _folder_of_own():
    own_path().parent.mkdir(parents=True)
    return own_path()


def test_where_none_can_be_kept_results_are_signed_all_the_same(settings_folder, caplog):
    settings_folder.write_text("a file where the folder should be")
    assert signing_certificate().key
    assert "no other result will have" in caplog.text


def test_the_users_signs_when_it_is_named_or_in_the_environment(tmp_path, monkeypatch):
    made = new_certificate()
    files = written(tmp_path, made)
    choose(*files)
    assert signing_certificate().chain == made.chain
    monkeypatch.setenv("FACESWAP_CERTIFICATE", files[0])
    monkeypatch.setenv("FACESWAP_KEY", files[1])
    choose()
    assert signing_certificate().chain == made.chain
    assert not own_path().exists()


def test_mistakes_are_one_line(tmp_path):
    made, other = new_certificate(), new_certificate()
    certificate, key = written(tmp_path, made)
    _, foreign_key = written(tmp_path, other, "other.pem", "other.key")
    past = written(tmp_path, new_certificate(days=-0.01), "past.pem", "past.key")
    locked = tmp_path / "locked.key"
    private = serialization.load_pem_private_key(made.key, None)
    locked.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
        )
    )
    wrong = {
        (certificate, ""): "without provenance.key=", ("", key): "without provenance.certificate=",
        (certificate, foreign_key): "is not the key of", (certificate, str(locked)): "has a password",
        (certificate, certificate): "a private key is wanted", (key, key): "a PEM file of certificates is wanted",
        (certificate, str(tmp_path / "none")): "no such file", past: "ran out on",
        written(tmp_path, self_signed(), "self.pem", "self.key"): "cannot sign results",
    }  # fmt: skip
    for (one, two), says in wrong.items():
        with pytest.raises(UserError, match=says) as caught:
            choose(one, two)
        assert "\n" not in str(caught.value)


def self_signed():
    """A certificate that vouches for itself, which C2PA does not take."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "me")])
    now = datetime.datetime.now(datetime.UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    built = built.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=9))
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificates.Certificate(built.sign(key, hashes.SHA256()).public_bytes(pem), private, "ES256")


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256R1()])
def test_a_key_of_another_kind_signs_too(tmp_path, curve, monkeypatch):
    monkeypatch.setattr(ec, "SECP256R1", lambda: curve)
    found = users_certificate(*written(tmp_path, new_certificate()))
    assert found.algorithm == f"ES{curve.key_size}"
