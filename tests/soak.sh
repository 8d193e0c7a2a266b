#!/usr/bin/env bash
# Tries for a while what no single test has the time for: tests/soak.sh LENET [KILLS] [EPOCHS] [MUTATIONS]
#
# - runs by SGD, by SDLM and on distorted digits are killed KILLS times (100) at random moments and resumed; each ends
#   with the model of a run that was left alone;
# - full disks of twenty sizes: one sentence, nothing half-written, and the run resumes to the same bytes;
# - a run of EPOCHS epochs (200) needs at most 5 % and 1 MB more memory at its end than after its first tenth;
# - MUTATIONS files (200) of every kind that the program reads, a few bytes of each changed or its end cut off: no
#   panic, no signal, no answer that takes 20 s, an exit code of at most 6, and no message that shows usage ("--help").
#
# All on the CPU. Prints figures, and ends with 1 where something fails. Disks need `unshare -rm`.
set -euo pipefail
lenet=$(realpath "$1") kills=${2:-100} epochs=${3:-200} mutations=${4:-200}
repository=$(realpath "$(dirname "$0")/..")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
failures=0
fail() { echo "FAIL $*"; failures=$((failures + 1)); }

common="--device cpu --network lenet1 --train-limit 2000 --test-limit 200 --epochs 4 --no-report --quiet"
kinds=("--optimizer sgd" "--optimizer sdlm --curvature-patterns 100" "--optimizer sgd --distort on")

echo "== $kills kills"
killed=0
for kind in "${!kinds[@]}"; do
    # The kinds are lists of flags.
    # shellcheck disable=SC2086
    "$lenet" train $common ${kinds[$kind]} --out "whole-$kind" >/dev/null
done
while [ "$killed" -lt "$kills" ]; do
    kind=$((RANDOM % ${#kinds[@]}))
    rm -rf run
    # shellcheck disable=SC2086
    start=(train $common ${kinds[$kind]} --checkpoint-seconds 1 --out run)
    resume=(train --resume run --device cpu --threads 1 --quiet --checkpoint-seconds 1)
    next=("${start[@]}")
    while true; do
        "$lenet" "${next[@]}" >/dev/null 2>said &
        process=$!
        sleep "0.$((RANDOM % 9 + 1))"
        kill -KILL "$process" 2>/dev/null || true
        ended=0
        wait "$process" 2>/dev/null || ended=$?
        [ "$ended" != 0 ] || break
        if [ "$ended" != 137 ]; then
            fail "it ended with $ended: $(cat said)"
            break
        fi
        killed=$((killed + 1))
        if [ -f run/last.ckpt.safetensors ]; then next=("${resume[@]}"); else rm -rf run; fi
    done
    cmp -s run/model.safetensors "whole-$kind/model.safetensors" || fail "${kinds[$kind]}: other bytes"
    if compgen -G "run/.*.partial" >/dev/null; then fail "a partial file is left"; fi
done
echo "$killed kills"

echo "== full disks"
small="--device cpu --network lenet1 --train-limit 64 --test-limit 16 --epochs 3"
# shellcheck disable=SC2086
"$lenet" train $small --quiet --out small >/dev/null
mkdir disk
export lenet small
# One disk, of $1 KB: trains, gives it more room, resumes.
on_disk='
    mount -t tmpfs -o size=$1k tmpfs disk
    "$lenet" train $small --quiet --out disk/run >/dev/null 2>said || true
    [ "$(wc -l <said)" -le 1 ] || { cat said; exit 1; }
    ! find disk -name "*.partial" | grep . || exit 1
    mount -o remount,size=4m disk
    [ -f disk/run/last.ckpt.safetensors ] || exit 0
    "$lenet" train --resume disk/run --device cpu --quiet >/dev/null
    cmp disk/run/model.safetensors small/model.safetensors'
if unshare -rm true 2>/dev/null; then
    for size in $(seq 8 8 160); do
        unshare -rm bash -ec "$on_disk" bash "$size" || fail "a disk of $size KB"
    done
    echo "20 disks"
else
    echo "not tried: this user may not mount a disk"
fi

echo "== memory over $epochs epochs"
"$lenet" train --device cpu --network lenet1 --train-limit 500 --test-limit 100 --epochs "$epochs" \
    --schedule constant --no-report --json --out long >lines 2>/dev/null &
process=$!
early=0 last=0
while kill -0 "$process" 2>/dev/null; do
    held=$(awk '/VmRSS/ { print $2 }' "/proc/$process/status" 2>/dev/null || true)
    last=${held:-$last}
    if [ "$early" = 0 ] && [ "$(grep -c . lines)" -gt $((epochs / 10)) ]; then early=$last; fi
    sleep 0.05
done
wait "$process" || fail "the long run ended with $?"
echo "$early KB after a tenth, $last KB at the end"
[ "$last" -le $((early + early / 20 + 1024)) ] || fail "memory grows"

echo "== $mutations mutations of each kind of file"
# FILE: changes one to eight bytes, in half of the files to printable characters; cuts off the end of one in four.
mutate() {
    local size at least=0 values=256
    size=$(stat -c %s "$1")
    [ $((RANDOM % 2)) = 0 ] || { least=32 values=95; }
    for _ in $(seq $((RANDOM % 8 + 1))); do
        at=$(((RANDOM * 32768 + RANDOM) % size))
        # Half of the places are in the head, where the sizes stand.
        [ $((RANDOM % 2)) = 0 ] || at=$((at % 200))
        printf "\\x$(printf %02x $((least + RANDOM % values)))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
    done
    [ $((RANDOM % 4)) != 0 ] || truncate -s "$(((RANDOM * 32768 + RANDOM) % size))" "$1"
}
mkdir kinds
cp -r small kinds/run
cp -r small kinds/broken
cp "$repository"/assets/mnist/t10k-images-* "$repository/assets/networks/lenet1.toml" kinds
gunzip -c "$repository"/assets/mnist/t10k-labels-*.gz >kinds/t10k-labels-idx1-ubyte
printf '%s\n' "$(seq -s, 0 784)" "$(seq -s, 1 785)" >kinds/digits.csv
cp "$repository/tests/fixtures/pictures/line-lamp-9407.jpg" kinds/line.jpg
# A file, and the command that reads it.
while IFS='|' read -r file arguments; do
    for _ in $(seq "$mutations"); do
        rm -rf case
        cp -r kinds case
        # A checkpoint is read where the model has to be written again.
        [ "$file" != broken/last.ckpt.safetensors ] || rm case/broken/model.safetensors
        mutate "case/$file"
        cp "case/$file" mutated
        code=0
        # The arguments are words.
        # shellcheck disable=SC2086
        (cd case && timeout 20 "$lenet" $arguments) >/dev/null 2>said </dev/null || code=$?
        if [ "$code" -gt 6 ] || grep -qE "panicked|--help" said; then
            found=$(mktemp -t "mutated-XXXXXX-$(basename "$file")")
            cp mutated "$found"
            fail "$arguments ended with $code over $found: $(tail -n 1 said)"
        fi
    done
done <<END
broken/model.safetensors|evaluate broken/model.safetensors --device cpu
broken/last.ckpt.safetensors|train --resume broken --device cpu --quiet --no-report
broken/run.json|runs .
broken/metrics.jsonl|compare broken run
t10k-labels-idx1-ubyte|evaluate run/model.safetensors --data . --device cpu
digits.csv|data digits.csv --test-share 0.5
lenet1.toml|summary --network lenet1.toml
line.jpg|predict run line.jpg --device cpu
END

[ "$failures" = 0 ] || { echo "$failures failures"; exit 1; }
echo "everything holds"
