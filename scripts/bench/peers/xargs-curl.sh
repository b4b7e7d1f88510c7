#!/bin/sh
# What one writes first in a shell: a curl a photo, as many at once as calls may be in flight.
# xargs-curl.sh FOLDER URL CALLS_IN_FLIGHT REPORT
cd "$1" || exit 1
ls | xargs -P "$3" -I '{}' curl --silent --retry 3 --form 'photo=@{};type=image/jpeg' --form 'templateId={}' \
  --write-out '\n' "$2" >> "$4"
