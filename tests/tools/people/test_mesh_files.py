"""MakeHuman's text formats."""

from __future__ import annotations

import numpy as np

from tools.people.mesh_files import read_binding, read_obj, read_target


def test_an_obj_with_a_quad_and_a_triangle(tmp_path):
    path = tmp_path / "m.obj"
    path.write_text(
        "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 1\ng skin\nf 1/1 2/2 3/1 4/2\ng cloth\nf 1/1 2/2 3/1\n"
    )
    mesh = read_obj(path)
    assert mesh.vertices.shape == (4, 3)
    assert mesh.faces.tolist() == [[0, 1, 2, 3], [0, 1, 2, 2]]
    assert mesh.face_uvs.tolist() == [[0, 1, 0, 1], [0, 1, 0, 0]]
    assert mesh.groups.tolist() == ["skin", "cloth"]


def test_a_target_skips_comments(tmp_path):
    path = tmp_path / "m.target"
    path.write_text("# by nobody\n3 0 .5 0\n\n7 -1 0 2\n")
    indices, deltas = read_target(path)
    assert indices.tolist() == [3, 7]
    assert deltas.tolist() == [[0, 0.5, 0], [-1, 0, 2]]


def test_a_binding_follows_the_body_and_scales_its_offsets(tmp_path):
    path = tmp_path / "m.mhclo"
    path.write_text("name hat\nx_scale 0 1 2.0\nverts 0\n2\n0 1 2 0.5 0.5 0.0 1.0 0 0\ndelete_verts\n5\n")
    binding = read_binding(path)
    body = np.array([[0, 0, 0], [2, 0, 0], [0, 3, 0]], np.float32)
    np.testing.assert_allclose(binding.fit(body), [[0, 3, 0], [2, 0, 0]])
    np.testing.assert_allclose(binding.fit(body * 2), [[0, 6, 0], [4, 0, 0]])
