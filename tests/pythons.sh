#!/usr/bin/env bash
# Run the suite on every other supported Python that this machine has: every file of it that the Python has a part in.
#
# Left out is what comes out the same under every Python, because something else decides it:
# - the faults, also those of the tracker's own processes: what a disk, a kill or a power cut leaves behind;
# - the PostgreSQL that the tests start, as a program of its own; our store on it stays;
# - the benchmarks, which are measured on one Python;
# - what goes through the same whole numbers at length: every small week, and every way to set a clock;
# - the wrong journals, by which the conformance suite is tried; the suite itself stays.
#
# The tracker, whose tests take as long as all others, runs on the oldest and the newest, not on the one in between.
#
# Cut short is what looks for mistakes in the rules, which are the same text here: a tenth of the examples of each law,
# of the random schedules of clocks, and of the random restarts. `make test` has all of them.
set -euo pipefail
cd "$(dirname "$0")/.."
left_out=(
    --ignore=tests/faults
    --ignore=tests/capture/test_crash.py
    --ignore=tests/store/test_postgresql_server.py
    --ignore=tests/test_benchmarks_run.py
    --ignore=tests/laws/test_exhaustive.py
    --ignore=tests/capture/test_cheating.py
    --ignore=tests/testing/test_wrong_journals.py
)
export WORKDIARY_HYPOTHESIS=brief WORKDIARY_SCHEDULES=2000 WORKDIARY_RESTARTS=16

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
    between=()
    [ "$version" != 3.12 ] || between=(--ignore=tests/capture)
    echo "Python $version${between:+, without the tracker}"
    "$venv/bin/python" -m pytest -q -n auto -p no:cacheprovider "${left_out[@]}" "${between[@]}"
    ran=$((ran + 1))
done
echo "pythons: the suite passes on $own and $ran more"
