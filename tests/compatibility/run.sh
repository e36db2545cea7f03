#!/bin/sh
# Ordinary clients and contracts on a chain of their own: installs what the lock files name, starts the chain, runs all checks.
# Arguments choose programs of run.mjs by a part of their name; without any, all run.
# Needs Node.js with npm, Python 3.11 or later with venv, and the command `ashlar` (cargo build --package ashlar), which
# ASHLAR may name.
set -eu
cd "$(dirname "$0")"
root="$PWD/../.."
python="node_modules/.venv/bin/python"

# installed NAME FILE...: whether these files are as they were when NAME was installed from them.
installed() {
    cat "node_modules/.$1" 2>/dev/null | cmp -s - "$2"
}

if ! installed npm package-lock.json; then
    # Nothing of the packages is run.
    npm ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund
    cp package-lock.json node_modules/.npm
fi
if ! installed pip requirements.txt; then
    rm -rf node_modules/.venv
    python3 -m venv node_modules/.venv
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --requirement requirements.txt
    cp requirements.txt node_modules/.pip
fi
if [ -z "${ASHLAR_ANVIL:-}" ] && [ ! -x "$root/contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil" ]; then
    "$root/contracts/scripts/install.sh"
fi
exec node run.mjs "$@"
