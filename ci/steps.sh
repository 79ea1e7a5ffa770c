# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034  # variables are for the scripts that source this
# Sourced after common.sh by the scripts that run many steps: each is counted, timed and kept for the
# summary, whether or not it passes, and the figures that it ends with are kept with it.

passed=0
failed=0
summary=()
measured=() # what the proofs counted, as they say it: JSON
# Of the last step; its figures are empty where it gave none.
last_failed=0
last_seconds=0
last_figures=''
scratch=$(mktemp -d)
chmod 1777 "$scratch"
trap 'as_root rm -rf "$scratch"' EXIT

# count NAME PASSED FAILED
count() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    last_failed=$3
    last_seconds=$SECONDS
    last_figures=''
    summary+=("$(printf '%-60s %6d passed %6d failed  %5d s' "$1" "$2" "$3" "$SECONDS")")
    SECONDS=0 # of the next step
}

# check NAME COMMAND...: one thing that holds or does not.
check() {
    note "$1"
    if "${@:2}"; then count "$1" 1 0; else count "$1" 0 1; fi
}

# keep_figures FILE: the last line of what a proof said, if it is JSON.
keep_figures() {
    local last
    last=$(tail -n 1 "$1")
    if [[ $last != '{'* ]]; then return; fi
    measured+=("$last")
    last_figures=$last
}

# prove NAME COMMAND...: a check that ends with its figures.
prove() {
    note "$1"
    if "${@:2}" | tee "$scratch/proof"; then count "$1" 1 0; else count "$1" 0 1; fi
    keep_figures "$scratch/proof"
}

# must NAME COMMAND...: a check, and without it the rest is pointless.
must() {
    check "$@"
    if [[ $last_failed != 0 ]]; then finish; fi
}

# run_tap NAME COMMAND...: what prints TAP, one line for each test.
run_tap() {
    note "$1"
    local good bad status=0
    "${@:2}" >"$scratch/tap" || status=$?
    good=$(grep -cE '^ok ' "$scratch/tap" || true)
    bad=$(grep -cE '^not ok ' "$scratch/tap" || true)
    if [[ $bad == 0 && ($status != 0 || $good == 0) ]]; then bad=1; fi
    if [[ $bad != 0 ]]; then cat "$scratch/tap"; fi
    count "$1" "$good" "$bad"
    keep_figures "$scratch/tap"
}

# The last line is `N passed, N failed`; the exit status is 0 only if nothing failed.
finish() {
    echo
    printf '%s\n' "${measured[@]}" "${summary[@]}"
    echo "$passed passed, $failed failed"
    [[ $failed == 0 ]]
    exit
}
