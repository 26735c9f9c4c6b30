"""What only a process of its own can show."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from services import hostile as h
from services.hostile import hostile

SENDING = """
import sys
from netting import ask, net_to
from tidegate.net.limits import Limits
port = int(sys.argv[1])
try:
    with net_to(port, limits=Limits()) as (net, audit):
        net.send(ask(port))
except KeyboardInterrupt:
    print([entry.error for entry in audit.entries])
"""


def test_an_interrupt_breaks_off_what_is_under_way() -> None:
    here = Path(__file__).parent
    with hostile(h.silent) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", SENDING, str(server.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": f"{here}:{here.parents[1]}"},
        )
        while not server.heard and process.poll() is None:
            signal.sigtimedwait((), 0.02)
        process.send_signal(signal.SIGINT)
        # Ten times less than the attempt would take by itself.
        output, errors = process.communicate(timeout=15)
    assert (output, errors) == ("['broken off']\n", "")


def test_scope_and_guard_do_not_load_the_client() -> None:
    code = "import sys, tidegate.net.guard, tidegate.net.scope, tidegate.net.audit; print('aiohttp' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
