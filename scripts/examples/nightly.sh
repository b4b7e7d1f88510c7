#!/bin/sh
# A nightly run from cron, for a machine where no `rollcall worker` runs all day (else: rollcall schedule add).
#
#   0 2 * * *  . /etc/rollcall/environment && /opt/rollcall/scripts/examples/nightly.sh s3://archive/staff/
#
# Enrolls what is new or changed. A night that was cut off is finished before another begins, and two that are started
# at once work on the same run. Settings and credentials come from the environment. Prints the summary as JSON; cron
# mails whatever is written to stderr.
set -u
rollcall=${ROLLCALL_COMMAND:-rollcall}
source=${1:?give the source: a folder, a manifest or s3://bucket/prefix/}

messages_file="${TMPDIR:-/tmp}/rollcall-nightly.$$"
summary=$($rollcall run "$source" --incremental --allow-empty --json --log-level error 2>"$messages_file")
code=$?
messages=$(cat "$messages_file"); rm -f "$messages_file"
[ -z "$summary" ] || printf '%s\n' "$summary"

case $code in
  0) exit 0 ;;
  1) echo 'Finished; some photos need attention: rollcall dead-letters' ;;
  3) echo 'Stopped before the end. Fix the cause named below; the next night goes on where this one stopped.' ;;
  *) echo "Failed with exit code $code." ;;
esac >&2
printf '%s\n' "$messages" | tail -n 5 >&2
exit $code
