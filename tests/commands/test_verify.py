"""python -m faceswap.verify FILE: what it prints and how it ends, for every fate of a result."""

import io
import shutil

import av
import pytest
from PIL import Image

from faceswap.config.swapping import VerifyRequest
from faceswap.media.pictures.images import write_image
from faceswap.provenance.notice import made_with_ai
from faceswap.utils.errors import UserError
from faceswap.verify import verify
from tests.commands.conftest import run
from tests.media.made_films import picture

SAID = ("intact, made with AI", "brosnan_as_craig", "consent:   both actors; a test; until 2999-12-31", "model lite",
        "faces a:   craig (sha256 ", "source:    brosnan.mp4, sha256 ", "(your own certificate)",
        "compositeWithTrainedAlgorithmicMedia")  # fmt: skip
PLAIN = ("pair=craig_brosnan", "device=cpu", "detail=none", "stop=2")


@pytest.fixture(scope="module")
def film(example, tmp_path_factory):
    """A film of convert, with consent."""
    consent = ("pair.consent.who=both actors", "pair.consent.purpose=a test", "pair.consent.until=2999-12-31")
    out = tmp_path_factory.mktemp("verified") / "brosnan_as_craig.mp4"
    run("convert", *PLAIN, f"out={out}", *consent, cwd=example.folder)
    return out


def copied(film, target, *, anew):
    """A film's pictures in another file, as other programs write it: its streams copied, or encoded anew."""
    with av.open(str(film)) as source, av.open(str(target), "w") as out:
        out.metadata.update(source.metadata)
        pictures = source.streams.video[0]
        stream = out.add_stream("mpeg4", rate=25) if anew else out.add_stream_from_template(pictures)
        if anew:
            stream.width, stream.height, stream.pix_fmt = pictures.width, pictures.height, "yuv420p"
            for frame in source.decode(pictures):
                frame.pict_type = 0
                out.mux(stream.encode(frame))
            out.mux(stream.encode())
        else:
            for packet in source.demux(pictures):
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
    return target


def test_an_intact_film_says_who_what_when(film):
    ran = run("verify", str(film), cwd=film.parent)
    assert [text for text in SAID if text not in ran.stdout] == []
    assert run("verify", f"file={film.name}", cwd=film.parent).code == 0


def test_every_other_fate_has_its_line_and_its_exit_code(film, tmp_path):
    content = bytearray(film.read_bytes())
    content[content.rindex(b"mdat") + 900] ^= 1
    (tmp_path / "byte.mp4").write_bytes(content)
    copied(film, tmp_path / "copied.mp4", anew=False)
    copied(film, tmp_path / "anew.mp4", anew=True)
    signed_by_another(tmp_path / "other.jpg")
    write_image(tmp_path / "drawn.png", picture(64, 48), metadata=made_with_ai("a face was drawn"))
    with Image.open(
        tmp_path / "drawn.png"
    ) as image:  # another program that keeps texts and drops what it does not know
        from PIL.PngImagePlugin import PngInfo

        texts = PngInfo()
        texts.add_itxt("comment", image.text["comment"])
        image.save(tmp_path / "saved.png", pnginfo=texts)
    (tmp_path / "empty.mp4").touch()
    wanted = {
        "byte.mp4": (3, "changed after it was signed"), "copied.mp4": (4, "taken out; pictures are as they were made"),
        "anew.mp4": (4, "encoded anew"), "saved.png": (4, "encoded anew"),
        "other.jpg": (5, "not made by this program: its signed record, which is intact, is of Other Studio"),
        "empty.mp4": (2, "the file is empty"), "none.mp4": (2, "no such file"), ".": (2, "it is a folder"),
    }  # fmt: skip
    for name, (code, says) in wanted.items():
        with pytest.raises(UserError) as caught:
            verify(VerifyRequest(str(tmp_path / name)))
        assert says in str(caught.value) and "\n" not in str(caught.value) and caught.value.exit_code == code
    ran = run("verify", "byte.mp4", cwd=tmp_path, code=3)
    assert ran.stderr.splitlines()[-1].startswith("error: byte.mp4 was changed") and ran.stdout == ""
    assert "which file?" in run("verify", cwd=tmp_path, code=2).stderr


def signed_by_another(path):
    """A picture with the record of another program."""
    import c2pa

    from faceswap.provenance.certificates import signing_certificate
    from faceswap.provenance.signing import context, signer_of

    data = io.BytesIO()
    Image.new("RGB", (32, 32)).save(data, "JPEG")
    created = {
        "action": "c2pa.created",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
    }
    actions = {"label": "c2pa.actions.v2", "data": {"actions": [created]}}
    claim = {"claim_generator_info": [{"name": "Other Studio"}], "assertions": [actions]}
    builder = c2pa.Builder(claim, context=context())
    signed = io.BytesIO()
    builder.sign(signer_of(signing_certificate()), "image/jpeg", data, signed)
    path.write_bytes(signed.getvalue())


def test_a_record_beside_its_film_is_lost_without_it(example, tmp_path):
    out = tmp_path / "film.mkv"
    run("convert", *PLAIN, f"out={out}", cwd=example.folder)
    assert "consent:   not recorded" in run("verify", str(out), cwd=tmp_path).stdout
    moved = tmp_path / "moved"
    moved.mkdir()
    shutil.copy(out, moved)
    assert "taken out" in run("verify", "film.mkv", cwd=moved, code=4).stderr
    shutil.copy(tmp_path / "film.mkv.c2pa", moved)
    assert run("verify", "film.mkv", cwd=moved).code == 0


def test_a_certificate_without_its_key_ends_a_command_before_the_work(example, tmp_path):
    ran = run("convert", "pair=craig_brosnan", f"out={tmp_path}/x.mp4", "provenance.certificate=me.pem",
              cwd=example.folder, code=2)  # fmt: skip
    assert "without provenance.key=" in ran.stderr.splitlines()[-1] and list(tmp_path.iterdir()) == []
