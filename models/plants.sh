#!/usr/bin/env bash
# Shows that the models can see: plants one mistake at a time into a copy of the sources, and tells which models find it.
#
#     models/plants.sh [name of a plant …]
#
# Each file in `plants/` is a patch, with a sentence before it that says what is wrong, and maybe a line that says who
# finds it (`Found by: loom runs`), or why nobody can (`Found by: nobody, because …`). The script fails where that is
# not so.

set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(dirname "$here")"
target="${CARGO_TARGET_DIR:-$root/target}/models/plants"
tree="$target/tree"
log="$target/log"

# What is compiled, with its times, so that only what a plant changes is compiled again.
lay_out() {
    mkdir -p "$tree"
    rm -rf "$tree/papy-runtime"
    (cd "$root" && cp -rp Cargo.toml README.md src examples papy-macros papy-runtime models "$tree")
}

# The models that fail, by name; `does not build` where the plant has gone stale.
found_by() {
    local face=$1
    shift
    local flags="--cfg papy_$face"
    if ! RUSTFLAGS="$flags" CARGO_TARGET_DIR="$target/$face" cargo test --no-run "$@" >"$log" 2>&1; then
        echo "does not build"
        return
    fi
    local code=0
    PAPY_PREEMPTIONS=2 PAPY_SCHEDULES="${PAPY_SCHEDULES:-300}" RUSTFLAGS="$flags" CARGO_TARGET_DIR="$target/$face" \
        timeout --kill-after=5 "${PAPY_LIMIT:-120}" cargo test "$@" >"$log" 2>&1 || code=$?
    case $code in
        0) ;;
        # one that panics while it unwinds ends the program, and is named by its thread
        101) sed -n "s/^test \(.*\) \.\.\. FAILED$/\1/p; s/^thread '\(.*::.*\)' .*panicked at.*/\1/p" "$log" | sort -u | tr '\n' ' ' ;;
        *) echo "hangs or dies ($code)" ;;
    esac
}

failures=0
plants=("$@")
[[ $# -gt 0 ]] || plants=("$here"/plants/*.patch)
for plant in "${plants[@]}"; do
    plant=$(basename "$plant" .patch)
    patch="$here/plants/$plant.patch"
    lay_out
    patch --quiet --strip=1 --directory="$tree" <"$patch"
    # a file that was patched in the second that it was compiled in would be taken for the old one
    sed -n 's,^+++ b/,,p' "$patch" | (cd "$tree" && xargs touch)
    loom=$(found_by loom --manifest-path "$tree/models/papy-runtime/Cargo.toml" --lib model)
    runs=$(found_by shuttle --manifest-path "$tree/models/Cargo.toml" --test runs)
    echo "$plant: $(head -1 "$patch")"
    echo "    loom: ${loom:--}"
    echo "    runs: ${runs:--}"
    wanted=$(sed -n 's/^Found by: //p' "$patch")
    for face in loom runs; do
        if [[ " ${wanted%%,*} " == *" $face "* && (${!face} == "" || ${!face} == "does not build") ]]; then
            echo "    NOT FOUND by $face"
            failures=$((failures + 1))
        fi
    done
done
echo "${#plants[@]} plants, $failures not found by who should"
[[ $failures -eq 0 ]]
