#!/bin/sh
# Submits a run to the nodes of a cluster and follows it to its end: submit.sh generate|run RUN TASK TOPOLOGY OPTION… A pod that was
# lost is made again with the same volume and the same command: `generate` goes on by itself; a run that is on the bus is resumed.
set -eu
command=$1 run=$2 task=$3 topology=$4
shift 4
begun=/data/begun-$run
case $command in
  generate) exec syllabus generate "$task" --run-id "$run" --out "/data/$run" --topology "$topology" --no-agents "$@" ;;
  run)
    if [ -e "$begun" ] && syllabus status --json | grep -qF "\"$run\""; then exec syllabus resume "$run" --topology "$topology" --no-agents; fi
    : >"$begun"
    exec syllabus run "$task" --run-id "$run" --topology "$topology" --no-agents "$@"
    ;;
  *)
    echo "submit.sh: write generate or run, not $command" >&2
    exit 2
    ;;
esac
