"""The report of a generator's measures as text."""

from faceswap.stylegan.metrics.report import report_lines

ROW = {"value": 40.0, "low": 35.0, "high": 45.0, "samples": 10, "nats_an_attribute": 0.2}


def test_published_figures_stand_beside_what_was_measured_in_the_same_way_only():
    report = {"path_length": {"w end": ROW}, "separability": {"w": ROW}}
    for is_as_published in (False, True):
        text = "\n".join(report_lines(report, is_as_published))
        assert ("StyleGAN" in text and "129" in text) == is_as_published
        assert "4.27" not in text and "0.036" not in text  # of 40 classifiers that nobody has here
        assert "35 to 45" in text and "0.200" in text
