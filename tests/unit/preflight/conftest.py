"""Avoids most of a test's time: skips moto's machine images."""

import os

# moto creates 1,300 images for every Region that is used; preflight needs none.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
