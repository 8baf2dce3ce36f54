#!/bin/sh
# Install whatever is missing for one goal, and nothing twice.
#
#   sh deploy/setup/prepare.sh run|check|test|bench
#
# Steps: Debian packages (apt), .venv from the pinned requirements, translations, npm packages (tests only).
# A step that was done leaves a stamp with the digest of its inputs, so that a second start costs a fraction of a second.
set -eu
cd "$(dirname "$0")/../.."
. deploy/setup/steps.sh

goal=${1:-run}
case $goal in run | check | test | bench) ;; *) fail "arguments" "there is no goal '$goal'" "Use run, check, test or bench." ;; esac

umask 022
mkdir -p var/setup
exec 9>var/setup/lock
flock -n 9 || { say "Another set-up is running in this checkout; waiting for it ..."; flock 9; }

case $goal in
    run) debian_packages python_headers directory_server documents; python_packages run ;;
    check) debian_packages python_headers; python_packages test ;;
    test) debian_packages python_headers directory_server documents test_servers; python_packages test ;;
    bench) debian_packages python_headers directory_server documents test_servers load_driver; python_packages test ;;
esac
translations
if [ "$goal" = test ]; then npm_packages; fi
