#!/usr/bin/env bash
# Test what is shipped, bare: build the wheel, install it without extras in a clean environment, use it.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m build --quiet --wheel --outdir "$work/dist" .
"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --constraint constraints.txt "$work"/dist/*.whl
"$work/venv/bin/python" -W error tests/bare.py "$work/venv/bin/workdiary"
echo "wheel: the bare install works"
