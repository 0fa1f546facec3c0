# Runs in the booted guest: takes cameras away $TIMES times and checks that their frames return.
RANDOM=$SEED
failed=0
check() {
  local name=$1
  shift
  if "$@"; then echo "ok replug: $name"; else echo "FAIL replug: $name ($*)"; failed=1; fi
}
at_most() { [ "$1" -le "$2" ]; }
equal() { [ "$1" = "$2" ]; }
now() { echo $((${EPOCHREALTIME/./} / 1000)); }
# metric NAME{LABELS}: prints its value, or nothing if the page does not answer.
metric() {
  local line
  exec 3<>/dev/tcp/127.0.0.1/8077 || return
  printf 'GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
  while read -r line <&3; do
    case $line in "$1 "*) echo "${line##* }" ;; esac
  done
  exec 3>&-
} 2>/dev/null
frames() { metric "adl_camera_frames_total{camera=\"$1\"}"; }
# until_frames CAMERA COUNT SECONDS: waits for more than COUNT frames; prints the milliseconds since $since, or 99999 if
# there are none in time.
until_frames() {
  local before=$2 end=$(($(now) + $3 * 1000)) count
  while [ "$(now)" -lt $end ]; do
    count=$(frames "$1")
    [ "${count:-0}" -le "$before" ] || { echo $(($(now) - since)); return 0; }
    sleep 0.05
  done
  echo 99999
}
names=(first second)
node() { readlink -f "/dev/v4l/by-path/${names[$1]}"; }
control() { v4l2-ctl -d "$(node $1)" -c "$2" >/dev/null 2>&1; }
usb() { echo vivid.0 >/sys/bus/platform/drivers/vivid/$1; }
value() { v4l2-ctl -d "$(node $1)" -C "$2" 2>/dev/null | sed 's/.*: *//'; }

for ((i = 0; i < 120; i++)); do
  systemctl is-active --quiet adld && break
  sleep 0.5
done
check "adld runs from boot" systemctl is-active --quiet adld
since=$(now)
for camera in one two; do check "first frames of $camera" at_most "$(until_frames $camera 0 60)" 60000; done
adl watch --json >/dev/shm/watched 2>/dev/null &
watcher=$!
process=$(systemctl show -P MainPID adld)
descriptors() { ls "/proc/$process/fd" | wc -l; }
resident() { awk '/VmRSS/ { print $2 }' "/proc/$process/status"; }
reconnects() { metric "adl_camera_reconnects_total{camera=\"$1\"}"; }

kinds=(unplug unplug unplug leave silence fatal flagged queue start requests drops)
slowest=0 late=0 odd=0
for ((round = 1; round <= TIMES; round++)); do
  kind=${kinds[RANDOM % ${#kinds[@]}]}
  index=$((RANDOM % 2))
  away=$((RANDOM % 7))
  both=$([ $kind = unplug ] && echo 1)
  affected=(one two)
  [ -n "$both" ] || affected=("${affected[index]}")
  case $kind in
    unplug) # Sometimes for so long that attempts have become rare, or with its number in use when it returns.
      [ $((RANDOM % 8)) != 0 ] || away=45
      [ $((RANDOM % 3)) != 0 ] || exec 7<"$(node 0)"
      usb unbind
      sleep $away.$((RANDOM % 10))
      usb bind
      exec 7<&- ;;
    leave) control $index disconnect=1 ;;
    silence)
      control $index percentage_of_dropped_buffers=100
      sleep $((away + 3))
      control $index percentage_of_dropped_buffers=0 ;;
    fatal) control $index inject_fatal_streaming_error=1 ;;
    flagged) for ((i = 0; i <= away; i++)); do control $index inject_v4l2_buf_flag_error=1; done ;;
    queue) control $index inject_vidioc_qbuf_error=1 ;;
    # These two fail when the stream restarts.
    start) control $index inject_vidioc_streamon_error=1; control $index inject_fatal_streaming_error=1 ;;
    requests) control $index inject_vidioc_reqbufs_error=1; control $index inject_fatal_streaming_error=1 ;;
    drops)
      control $index percentage_of_dropped_buffers=$((10 + RANDOM % 60))
      sleep $away
      control $index percentage_of_dropped_buffers=0 ;;
  esac
  since=$(now)
  took=0
  for camera in "${affected[@]}"; do
    before=$(frames $camera)
    # A frame may still arrive after the camera has left.
    time=$(until_frames $camera $((${before:-0} + 2)) 60)
    [ "$time" -le $took ] || took=$time
  done
  echo "$round $kind ${affected[*]} away $away s: frames after $took ms, $(descriptors) descriptors, $(($(resident) >> 10)) MiB"
  [ $took -le $slowest ] || slowest=$took
  if [ $took -gt 5000 ]; then
    late=$((late + 1))
    journalctl -u adld --no-pager -o short-precise --since "@$((since / 1000 - 5))" | sed 's/^/  /'
  fi
  [ "$(value 0 brightness)" = 77 ] || odd=$((odd + 1))
  [ $round != 10 ] || { first_descriptors=$(descriptors) first_resident=$(resident); }
  # Sometimes leave time for a window and its activity.
  sleep $((RANDOM % 4))
done
echo "slowest $slowest ms; reconnects $(reconnects one), $(reconnects two)"
check "frames arrive within 5 s of every return" equal $late 0
check "controls are restored" equal $odd 0
check "adld never restarts" equal "$(systemctl show -P MainPID,NRestarts adld | xargs)" "$process 0"
check "no descriptor leaks ($first_descriptors after 10 rounds, $(descriptors) at the end)" at_most "$(descriptors)" $((first_descriptors + 1))
check "no memory leaks ($first_resident kB after 10 rounds, $(resident) at the end)" at_most "$(resident)" $((first_resident * 105 / 100))
systemctl stop adld
sleep 1
kill $watcher
# Counts activities that started, that ended, and that did both exactly once.
read -r began ended whole < <(python3 -c '
import collections, json
kinds = collections.defaultdict(list)
for line in open("/dev/shm/watched"):
    message = json.loads(line).get("message", {})
    if message.get("type") in ("activity.start", "activity.end"): kinds[message["id"]].append(message["type"][9:])
print(*[sum(kind in k for k in kinds.values()) for kind in ("start", "end")], list(kinds.values()).count(["start", "end"]))')
echo "$began activities started"
check "activities started" at_most "$TIMES" $((began * 3))
check "every activity that started ended once" equal "$began $ended" "$whole $whole"
[ $failed = 0 ] || { journalctl -u adld --no-pager | tail -n 40; }
exit $failed
