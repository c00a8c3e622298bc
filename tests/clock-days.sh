#!/bin/sh
# Runs the unit tests and the integration tests of calendars while the clock of the machine passes a change to or from daylight saving
# time: the gap in spring and the overlap in autumn, in both hemispheres. Needs `faketime` (Debian: faketime).
#
# Usage: npm run test:clock -- [zone or day [arguments of vitest]]
# Example: npm run test:clock -- 2027-10-31 --project unit domain/calendars
# A machine under load fails tests that measure their own time.
set -eu

only=${1:-}
[ $# -eq 0 ] || shift

command -v faketime > /dev/null || {
  echo 'faketime is not installed: install it (Debian: apt-get install faketime), then run this again.' >&2
  exit 1
}

# A minute before each change, in UTC: the tests begin before it and end after it.
days='Europe/Paris@2027-03-28T00:59Z
Europe/Paris@2027-10-31T00:59Z
Australia/Sydney@2027-04-03T15:59Z
Australia/Sydney@2027-10-02T15:59Z'

# Timers must keep their pace, and only the wall clock is moved.
export FAKETIME_DONT_FAKE_MONOTONIC=1

failed=0
run() {
  faketime -f "+$ahead" vitest run "$@" || failed=1
}

# `faketime` moves the clock of each process that is started from here on, PostgreSQL included.
for day in $days; do
  zone=${day%@*}
  start=${day#*@}
  case "$day" in *"$only"*) ;; *) continue ;; esac
  ahead=$(($(date -d "$start" +%s) - $(date +%s)))
  echo "== $(TZ="$zone" date -d "$start") in $zone"
  export TZ="$zone"
  if [ $# -gt 0 ]; then
    run "$@"
  else
    run --project unit
    run --project integration activities/calendar activities/calendar-sync db/calendars \
      providers/apple providers/google providers/ics providers/microsoft
  fi
done
exit "$failed"
