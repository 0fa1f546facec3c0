# The daemon end to end: a camera's frames become events, and a film is recognised through the camera as from its file.

# watch_camera NAME SECONDS: runs the daemon on /dev/video0 and a subscriber until an activity has started or SECONDS have
# passed; writes the messages to /dev/shm/NAME.
watch_camera() {
  cat >/dev/shm/adld.yaml <<YAML
node: guest
model: {path: $WORK/model.safetensors, precision: f32}
cameras:
  - {name: vivid, source: /dev/video0, format: yuyv, size: 320x240, rate: 60}
people: {mode: scene}
recognition: {smoothing: {windows: 1}, onHold: 1}
events:
  endpoint: ipc:///dev/shm/events.sock
  query: ipc:///dev/shm/query.sock
YAML
  "$BINARIES/adld" --config /dev/shm/adld.yaml >/dev/shm/log 2>&1 &
  daemon=$!
  "$BINARIES/adl" watch --json --until-end --endpoint ipc:///dev/shm/events.sock >"/dev/shm/$1" &
  subscriber=$!
  for ((i = 0; i < $2; i++)); do
    ! grep -q '"type":"activity.start"' "/dev/shm/$1" || break
    sleep 1
  done
  kill -TERM $daemon
  wait $daemon
  daemon_status=$?
  wait $subscriber
  out=/dev/shm/$1
}

# first_activity FILE: the label of the first activity that started.
first_activity() { sed -n 's/.*"activity":{[^}]*"label":"\([^"]*\)".*"type":"activity.start".*/\1/p' "$1" | head -n 1; }

v4l2-ctl -d1 --set-fmt-video-out width=320,height=240,pixelformat=YUYV,field=none >/dev/null
v4l2-ctl -d0 -v width=320,height=240,pixelformat=YUYV >/dev/null
v4l2-ctl -d1 --stream-out-mmap --stream-from="$WORK/walk.yuyv" --stream-loop >/dev/null 2>&1 &
player=$!
sleep 1.5
watch_camera film 90
kill $player
wait $player 2>/dev/null
file_verdict=$(sed 's/.*"verdict":{"index":[0-9]*,"label":"\([^"]*\)".*/\1/' "$WORK/walk.json")
check "daemon: ends with status 0" equal $daemon_status 0
check "daemon: a subscriber gets the start of an activity" says '"type":"activity.start"'
check "daemon: the activity in the file is recognised" equal "$file_verdict" Walk
check "daemon: a subscriber gets the end of an activity" says '"end_reason":"shutdown"'
# camera.online may be sent before the subscriber has connected, but the state repeats it.
check "daemon: the camera is reported online" says '"condition":"online"'
check "daemon: recognises the film through the camera as from its file" equal "$(first_activity /dev/shm/film)" "$file_verdict"

# The camera's own black picture must be recognised as something else, or the check above proves nothing.
control loop_video=0,test_pattern=5
watch_camera black 20
check "daemon: recognises a black picture as something else" test "$(first_activity /dev/shm/black)" != "$file_verdict"
