# Runs the other scripts of this folder in the guest, in order, or only those whose numbers you pass; status 1 if a check
# failed. ../run sets $BINARIES, $WORK and $UNITS.
folder=$(dirname "$0")
failed=0

# check NAME CONDITION...: prints a result line and, if the condition fails, the end of the last output.
check() {
  local name=$1
  shift
  if "$@"; then
    echo "ok $name"
  else
    echo "FAIL $name"
    echo "  not true: $*"
    sed 's/^/  /' "$out" 2>/dev/null | tail -n 6
    failed=1
  fi
}

# probe ARGUMENT...: captures in the foreground and writes the output to $out.
out=/dev/shm/out
probe() { "$BINARIES/camera-probe" "$@" >"$out" 2>&1; }
# begin ARGUMENT...: starts a capture in the background and waits for its first frame; finish waits for its end.
begin() {
  : >"$out"
  "$BINARIES/camera-probe" "$@" >"$out" 2>&1 &
  probe_id=$!
  for ((i = 0; i < 150; i++)); do
    ! grep -q '"sequence"' "$out" || return 0
    sleep 0.1
  done
}
finish() { wait "$probe_id"; }
control() { v4l2-ctl -d0 -c "$1" >/dev/null; }

field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" "$out"; }
says() { grep -qF -- "$1" "$out"; }
equal() { [ "$1" = "$2" ]; }
at_least() { [ "${1:-0}" -ge "$2" ]; }

[ $# -gt 0 ] || set -- ''
for number in "$@"; do
  for script in "$folder"/[0-9]*.sh; do
    case ${script##*/} in "$number"*) . "$script" ;; esac
  done
done
exit $failed
