#!/bin/sh
# Installs the pinned compiler, forge and anvil under node_modules. Nothing of the packages is run.
set -eu
cd "$(dirname "$0")/.."
npm ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund
# The test library that ships in this package is all that is wanted of it.
find node_modules/@uniswap/v4-core -mindepth 1 -maxdepth 1 ! -name lib ! -name package.json -exec rm -rf {} +
