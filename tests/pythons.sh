#!/usr/bin/env bash
# Run the suite on every other supported Python that this machine has.
set -euo pipefail
cd "$(dirname "$0")/.."
own=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
ran=0
for version in 3.11 3.12 3.13; do
    [ "$version" = "$own" ] && continue
    python=
    for candidate in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python; do
        if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "Python $version: not on this machine, skipped"
        continue
    fi
    venv=.venv-$version
    if [ ! -e "$venv/.ready" ] || [ constraints.txt -nt "$venv/.ready" ] || [ pyproject.toml -nt "$venv/.ready" ]; then
        "$python" -m venv "$venv"
        "$venv/bin/python" -m pip install --quiet --upgrade --constraint constraints.txt pip
        "$venv/bin/python" -m pip install --quiet --constraint constraints.txt --editable '.[all]' --group dev
        # Where all is required, so is what takes a compiler.
        [ "${WORKDIARY_REQUIRE:-}" != all ] ||
            "$venv/bin/python" -m pip install --quiet --constraint constraints.txt --group listener
        touch "$venv/.ready"
    fi
    echo "Python $version"
    # The faults are those of disks and processes, and the schedules those of clocks: the same under every Python.
    WORKDIARY_SCHEDULES=2000 "$venv/bin/python" -m pytest -q -n auto -p no:cacheprovider --ignore=tests/faults
    ran=$((ran + 1))
done
echo "pythons: the suite passes on $own and $ran more"
