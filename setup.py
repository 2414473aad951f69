"""The packages, which setup.cfg can find only where all lie below each other; everything else stands there."""

from setuptools import find_packages, setup

# configs/ and pretrained/ lie beside the package in a checkout and inside it in a wheel
setup(packages=[*find_packages(include=["faceswap", "faceswap.*"]), "faceswap.configs", "faceswap.pretrained"])
