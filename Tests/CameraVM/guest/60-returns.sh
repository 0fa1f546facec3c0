# The daemon with a camera that refuses a control, is unplugged, and comes back under another node while the old one is held.
mkdir -p /dev/v4l/by-path
ln -sfn ../../video0 /dev/v4l/by-path/socket
cat >/dev/shm/adld.yaml <<YAML
node: guest
model: {path: $WORK/model.safetensors, precision: f32}
cameras:
  - {name: vivid, source: /dev/v4l/by-path/socket, format: yuyv, controls: {menu: 2}}
people: {mode: scene}
events:
  endpoint: ipc:///dev/shm/events.sock
  query: ipc:///dev/shm/query.sock
YAML
out=/dev/shm/returns
# until_said TEXT COUNT SECONDS: waits until the daemon's log contains TEXT COUNT times.
until_said() {
  for ((i = 0; i < $3 * 2; i++)); do
    [ "$(grep -cF -- "$1" "$out")" -lt "$2" ] || return 0
    sleep 0.5
  done
  return 1
}
v4l2-ctl -d0 -i0 >/dev/null 2>&1
"$BINARIES/adld" --config /dev/shm/adld.yaml >"$out" 2>&1 &
daemon=$!
check "returns: a camera that refuses a control is used all the same" until_said 'online: frames are arriving' 1 40
check "returns: the refused control is a warning" says 'continuing without menu = 2'
exec 7</dev/video0 # Held open, so that its number stays in use.
echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind
check "returns: the unplugged camera is reported" until_said 'offline: ' 1 20
echo vivid.0 >/sys/bus/platform/drivers/vivid/bind
node=$(cd /sys/class/video4linux && grep -l 'vid-cap' */name | head -n 1 | cut -d/ -f1)
check "returns: the camera has another node" test "$node" != video0
ln -sfn "../../$node" /dev/v4l/by-path/socket
check "returns: frames arrive again" until_said 'online: frames are arriving' 2 60
exec 7<&-
kill -TERM $daemon
wait $daemon
check "returns: ends with status 0" equal $? 0
