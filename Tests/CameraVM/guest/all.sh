# Runs the other scripts of this folder in the guest, in order, or those whose
# numbers are its arguments; status 1 if a check failed. $BINARIES, $WORK and
# $UNITS are set by ../run.
folder=$(dirname "$0")
failed=0

# check NAME CONDITION...: one result line; what was captured last helps when it is FAIL.
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

# probe ARGUMENT...: captures into $out, in the foreground.
out=/dev/shm/out
probe() { "$BINARIES/camera-probe" "$@" >"$out" 2>&1; }
# Captures in the background; begin waits for the first frame.
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
