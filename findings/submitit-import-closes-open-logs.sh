#!/usr/bin/env bash
# submitit configures logging as it is imported, by Python's dictConfig, which first closes every handler that there is.
# A program that opened its log with filemode 'w' before, and imports submitit only to submit its jobs, writes no line
# after that, and nothing tells it. With SUBMITIT_LOG_LEVEL=NOCONFIG the log goes on.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/python" -m pip install --quiet submitit==1.5.4
cd "$folder"
cat > program.py <<'PYTHON'
import logging
import sys

logging.basicConfig(filename=sys.argv[1], filemode='w', format='%(message)s')
logging.warning('before')
import submitit

logging.warning('after, with submitit %s', submitit.__version__)
PYTHON
environment/bin/python program.py as-imported.log
SUBMITIT_LOG_LEVEL=NOCONFIG environment/bin/python program.py not-configured.log
echo 'as imported:' && cat as-imported.log
echo 'with SUBMITIT_LOG_LEVEL=NOCONFIG:' && cat not-configured.log
test "$(wc -l < as-imported.log)" = 1
test "$(wc -l < not-configured.log)" = 2
