# Faults during capture, triggered from a second process.
v4l2-ctl -d0 -i3 >/dev/null 2>&1
begin /dev/video0 --format yuyv --size 320x240 --frames 240
control inject_v4l2_buf_flag_error=1
finish
check "a flagged buffer: capture continues" equal $? 0
check "a flagged buffer: counted once" says '"corrupt":1}'

begin /dev/video0 --format yuyv --size 320x240 --frames 240
control percentage_of_dropped_buffers=100
sleep 0.7
control percentage_of_dropped_buffers=0
finish
check "dropped buffers: capture continues" equal $? 0
check "dropped buffers: counted as lost" at_least "$(field lost)" 20

control wrap_sequence_number=1
probe /dev/video0 --format yuyv --size 320x240 --frames 150
check "sequence wraps: no gap of four billion" equal "$([ "$(field lost)" -lt 100000 ] && echo yes)" yes

# Timestamps of another clock, which jump back after 16 s.
for wrap in 1 2; do
  control wrap_timestamp=$wrap
  probe /dev/video0 --format yuyv --size 320x240 --frames 1100 --seconds 30
  sed -n 's/.*"milliseconds":\(-\{0,1\}[0-9]*\).*/\1/p' "$out" >/dev/shm/stamps
  check "timestamps step back ($wrap): frame times do not, and have no gaps" \
    awk 'NR == 1 { first = $1 } NR > 1 && ($1 < last || $1 > last + 3000) { bad = 1 } { last = $1 }
      END { exit bad || NR < 300 || last - first < 17000 }' /dev/shm/stamps
  check "timestamps step back ($wrap): no frame time is in the future" \
    test "$(tail -n 1 /dev/shm/stamps)" -le "$(awk '{ print int($1 * 1000) }' /proc/uptime)"
done
control wrap_timestamp=0

begin /dev/video0 --format yuyv --size 320x240 --frames 240
control inject_fatal_streaming_error=1
finish
check "fatal streaming error: the stream restarts" equal $? 0
check "fatal streaming error: all frames arrive" says '"delivered":240,'

begin /dev/video0 --format yuyv --size 320x240 --frames 2000 --seconds 20
other=$probe_id
"$BINARIES/camera-probe" /dev/video0 --format yuyv --size 320x240 >"$out.second" 2>&1
check "a camera in use: the message names the owner" grep -q "in use by camera-probe (process $other)" "$out.second"
control disconnect=1
finish
check "disconnect: status 69" equal $? 69
check "disconnect: transient" says '"transient":true'
check "disconnect: the message says so" says '/dev/video0 is gone: '
probe /dev/video0 --format yuyv --frames 2
check "disconnect: the camera can be opened again" equal $? 0

begin /dev/video0 --format yuyv --frames 2000 --seconds 20
echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind
finish
check "unplugged: transient" says '"transient":true'
probe /dev/video0 --format yuyv
check "unplugged: opening it fails, transient" says '"transient":true'
check "unplugged: the reason" says 'No such file or directory'
echo vivid.0 >/sys/bus/platform/drivers/vivid/bind
probe /dev/video0 --format yuyv --frames 2
check "plugged in again: frames arrive" equal $? 0
