"""What holds for every test: nothing leaves this machine, and properties are tried on the same
examples each time. `pytest --hypothesis-profile=explore` looks for new ones."""

import atexit
import os
import signal
import tempfile

from hypothesis import HealthCheck, settings

os.environ.setdefault("PYTSUNG_LOOPBACK_ONLY", "1")

# What a shell started in the background ignores Ctrl-C, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Runs of the tests know nothing of others on this host; who tests the page asks for it.
_run_directory = tempfile.TemporaryDirectory(prefix="pytsung-")
atexit.register(_run_directory.cleanup)
os.environ["PYTSUNG_RUN_DIR"] = _run_directory.name
os.environ.setdefault("PYTSUNG_NO_WEB", "1")

# Deadlines and slow generation say how busy the machine is, nothing about the code.
_patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", _patient, derandomize=True)
settings.register_profile("explore", _patient, max_examples=2000)
settings.load_profile("steady")
