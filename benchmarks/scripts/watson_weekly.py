"""Total what ``watson log --json`` says by week and project, which Watson itself cannot do.

The argument is the `watson` program.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta

totals: dict[tuple[int, str], timedelta] = {}
command = [sys.argv[1], "log", "--all", "--json", "--no-pager"]
for frame in json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout):
    start, stop = datetime.fromisoformat(frame["start"]), datetime.fromisoformat(frame["stop"])
    key = ((start.toordinal() - 1) // 7 * 7 + 1, frame["project"])
    totals[key] = totals.get(key, timedelta()) + (stop - start)
for (monday, project), total in sorted(totals.items()):
    sys.stdout.write(f"{datetime.fromordinal(monday).date()}\t{project}\t{total / timedelta(minutes=1):g}\n")
