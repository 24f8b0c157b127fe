"""Total the events in aw-core's own SQLite database by week and project: DATABASE."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from importlib import import_module

datastore = import_module("aw_datastore")
store = datastore.Datastore(datastore.get_storage_methods()["sqlite"], filepath=sys.argv[1])
totals: dict[tuple[int, str], timedelta] = {}
for event in store["diary"].get(limit=-1):
    key = ((event.timestamp.toordinal() - 1) // 7 * 7 + 1, event.data["project"])
    totals[key] = totals.get(key, timedelta()) + event.duration
for (monday, project), total in sorted(totals.items()):
    sys.stdout.write(f"{datetime.fromordinal(monday).date()}\t{project}\t{total / timedelta(minutes=1):g}\n")
