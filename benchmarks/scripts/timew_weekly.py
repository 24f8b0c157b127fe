"""Total what ``timew export`` says by week and tag, which Timewarrior itself cannot do."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta

totals: dict[tuple[int, str], timedelta] = {}
for interval in json.loads(subprocess.run(["timew", "export"], check=True, stdout=subprocess.PIPE).stdout):
    start, end = datetime.fromisoformat(interval["start"]), datetime.fromisoformat(interval["end"])
    key = ((start.toordinal() - 1) // 7 * 7 + 1, interval["tags"][0])
    totals[key] = totals.get(key, timedelta()) + (end - start)
for (monday, tag), total in sorted(totals.items()):
    sys.stdout.write(f"{datetime.fromordinal(monday).date()}\t{tag}\t{total / timedelta(minutes=1):g}\n")
