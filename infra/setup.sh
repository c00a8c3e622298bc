#!/bin/sh
# Installs the dependencies when they are missing or older than package-lock.json, and does nothing otherwise.
# npm runs it before `start`, `demo`, `stack:doctor`, `test` and `check`, so that a fresh clone needs no other command. After it,
# node_modules/.bin/node is the Node that the project pins, whatever the machine has, and npm's PATH finds it first.
set -eu
cd "$(dirname "$0")/.."

# npm writes this file last, at every install.
stamp=node_modules/.package-lock.json
lock=.cache/setup.lock

installed() {
  [ -f "$stamp" ] && [ -x node_modules/.bin/node ] && [ ! package-lock.json -nt "$stamp" ]
}

installed && exit 0

# Two setups at once: the second waits for the first, and takes over from one that died.
mkdir -p .cache
waited=0
until mkdir "$lock" 2>/dev/null; do
  owner=$(cat "$lock/pid" 2>/dev/null || true)
  if [ "$waited" -gt 3 ] && { [ -z "$owner" ] || ! kill -0 "$owner" 2>/dev/null; }; then
    rm -rf "$lock"
    continue
  fi
  [ "$waited" -eq 1 ] && echo "setup: another setup is installing, waiting for it"
  waited=$((waited + 1))
  sleep 1
done
trap 'rm -rf "$lock"' EXIT
trap 'exit 130' INT TERM HUP
echo $$ >"$lock/pid"

installed && exit 0

if ! command -v npm >/dev/null 2>&1; then
  echo "setup: npm is not on this machine. Install Node.js 20 or newer, which brings npm: https://nodejs.org" >&2
  exit 1
fi

echo "setup: installing the dependencies with npm ci, once (about half a minute)"
npm ci --no-audit --no-fund --loglevel=error
echo "setup: done, Node $(node_modules/.bin/node --version)"
