#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Transcribes an archive on a Slurm cluster: an array of SHARDS tasks, and a job that merges what they
# have found once all have ended. Prints the ids of both.
#
#   submit.sh MODEL MANIFEST RESULTS SHARDS [SBATCH-OPTION...]
#
# FORMATS (json) and PARALLEL (4: files at once in each task) come from the environment.
set -eu

if [ $# -lt 4 ]; then
  echo "usage: submit.sh MODEL MANIFEST RESULTS SHARDS [SBATCH-OPTION...]" >&2
  exit 2
fi
MODEL=$1
MANIFEST=$2
RESULTS=$3
FORMATS=${FORMATS:-json}
PARALLEL=${PARALLEL:-4}
export MODEL MANIFEST RESULTS FORMATS PARALLEL
last=$(($4 - 1))
shift 4

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$RESULTS/logs"
array=$(sbatch --parsable --export=ALL --array="0-$last" --output="$RESULTS/logs/%A-%a.log" "$@" \
  "$here/transcribe.sbatch")
# After any end: shards with recordings that cannot be read exit with 1.
merge=$(sbatch --parsable --export=ALL --dependency="afterany:$array" \
  --output="$RESULTS/logs/merge-%j.log" "$@" "$here/merge.sbatch")
echo "$array $merge"
