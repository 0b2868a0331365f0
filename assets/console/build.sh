#!/bin/sh
# Rebuilds dist/ and LICENSES.txt from the lock file. Needs node 20 or newer and the npm registry.
set -eu
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund
npm run build
npm run pack
