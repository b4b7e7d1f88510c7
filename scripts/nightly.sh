#!/bin/sh
# A nightly run from cron, where no `rollcall worker` runs all day (else: rollcall schedule add).
#
#   0 2 * * *  . /etc/rollcall/environment && /opt/rollcall/scripts/nightly.sh s3://archive/staff/
#
# Enrolls what is new or changed. A night that was cut off is finished before another begins, and two that are started
# at once work on the same run. Settings and credentials come from the environment. Prints the summary as JSON; cron
# mails what is said on stderr.
set -u
rollcall=${ROLLCALL_COMMAND:-rollcall}
source=${1:?give the source: a folder, a manifest or s3://bucket/prefix/}

summary=$($rollcall run "$source" --incremental --allow-empty --json --log-level error 2>"${TMPDIR:-/tmp}/rollcall-nightly.$$")
code=$?
said=$(cat "${TMPDIR:-/tmp}/rollcall-nightly.$$"); rm -f "${TMPDIR:-/tmp}/rollcall-nightly.$$"
[ -z "$summary" ] || printf '%s\n' "$summary"

case $code in
  0) exit 0 ;;
  1) echo 'Finished; some photos wait for a person: rollcall dead-letters' ;;
  3) echo 'Stopped before the end; it goes on when this is mended and the night is started again.' ;;
  *) echo "Not done (exit code $code)." ;;
esac >&2
printf '%s\n' "$said" | tail -n 5 >&2
exit $code
