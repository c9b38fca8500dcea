"""The heavy side of Yomiage: the resident process."""

import os

# Libraries that report home unless they are told not to, each before it is loaded. Nothing leaves this machine
# that the settings do not allow. (ONNX Runtime would also keep a database of its own in the user's cache.)
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["DO_NOT_TRACK"] = "1"
