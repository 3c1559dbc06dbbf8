#!/usr/bin/env bash
# A new user's first hour: README.md and docs/tutorial.md from top to bottom in a fresh clone, every
# command run and what it prints compared with what they show. The installed package has to be on the path.
#
#   bash tests/first_hour.sh
set -euo pipefail

source=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git clone --quiet "$source" "$work/clone"
cd "$work/clone"
export PYTHONPATH="$PWD"
# On a busy machine two threads wait for each other most of the time.
export OMP_NUM_THREADS=1
for page in README.md docs/tutorial.md; do
    python tests/documented_commands.py "$page" > ../page.sh
    bash -euo pipefail ../page.sh
done
