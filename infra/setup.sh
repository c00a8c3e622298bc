#!/bin/sh
# Installs the dependencies when they are missing or older than package-lock.json, and does nothing otherwise.
# npm runs it before `start`, `demo`, `stack:doctor`, `test` and `check`, so that a fresh clone needs no other command.
# Afterwards node_modules/.bin/node is the Node.js version that the project pins, and it is first on npm's PATH.
set -eu
cd "$(dirname "$0")/.."

# npm writes this file at the end of each installation.
stamp=node_modules/.package-lock.json
lock=.cache/setup.lock

installed() {
  [ -f "$stamp" ] && [ -x node_modules/.bin/node ] && [ ! package-lock.json -nt "$stamp" ]
}

installed && exit 0

# A second setup waits for the first. It takes over the lock of a process that no longer exists.
mkdir -p .cache
waited=0
until mkdir "$lock" 2>/dev/null; do
  owner=$(cat "$lock/pid" 2>/dev/null || true)
  if [ "$waited" -gt 3 ] && { [ -z "$owner" ] || ! kill -0 "$owner" 2>/dev/null; }; then
    rm -rf "$lock"
    continue
  fi
  [ "$waited" -eq 1 ] && echo "setup: waiting for another setup"
  waited=$((waited + 1))
  sleep 1
done
trap 'rm -rf "$lock"' EXIT
trap 'exit 130' INT TERM HUP
echo $$ >"$lock/pid"

installed && exit 0

if ! command -v npm >/dev/null 2>&1; then
  echo "setup: npm is not installed. Install Node.js 20 or newer, which includes npm: https://nodejs.org" >&2
  exit 1
fi

echo "setup: installing the dependencies with npm ci, once (about half a minute)"
npm ci --no-audit --no-fund --loglevel=error
echo "setup: done, Node $(node_modules/.bin/node --version)"
