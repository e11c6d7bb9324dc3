#!/bin/sh
# First process of a container, under tini. What the image brings of a home (runtime, students) is linked into the home, which is a
# volume and may come from another version of the image. Then it is the command.
set -eu
umask 077
for each in "$SYLLABUS_IMAGE_HOME"/*/*; do
  [ -e "$each" ] || continue
  link="$SYLLABUS_HOME/${each#"$SYLLABUS_IMAGE_HOME"/}"
  mkdir -p "${link%/*}"
  if [ -L "$link" ] || [ ! -e "$link" ]; then ln -sfn "$each" "$link"; fi
done
exec "$@"
