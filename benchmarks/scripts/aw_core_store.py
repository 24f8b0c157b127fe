"""Put the events of a file into aw-core's own SQLite database: FILE DATABASE."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

datastore = import_module("aw_datastore")
event = import_module("aw_core.models").Event
store = datastore.Datastore(datastore.get_storage_methods()["sqlite"], filepath=sys.argv[2])
bucket = store.create_bucket("diary", "diary", "diary", "host", created=datetime(2016, 1, 1, tzinfo=UTC))
bucket.insert([event(**given) for given in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))])
store.storage_strategy.commit()
