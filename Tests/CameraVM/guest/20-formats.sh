# Every raw format of vivid, at a size that only its HDMI input can scale to.
v4l2-ctl -d0 -i3 >/dev/null 2>&1
for pair in yuyv:153600 uyvy:153600 nv12:115200 i420:115200 grey:76800 rgb24:230400 bgr24:230400 converted:115200; do
  format=${pair%:*}
  probe /dev/video0 --format "$format" --size 320x240 --frames 4 --hashes
  status=$?
  check "capture $format: status" equal $status 0
  check "capture $format: whole frames of 320x240" equal "$(field bytes | sort -u)" "${pair#*:}"
  check "capture $format: the pictures differ" at_least "$(field hash | sort -u | wc -l)" 2
  check "capture $format: no corrupt frame" says '"corrupt":0}'
done
probe /dev/video0 --format mjpeg
check "a format that is not offered: status 69" equal $? 69
check "a format that is not offered: the setting to change" says 'set cameras[].format to one of'
# The webcam input has other sizes.
v4l2-ctl -d0 -i0 >/dev/null 2>&1
probe /dev/video0 --format yuyv --size 320x240
check "a size that is not offered: the sizes to choose from" says 'cannot give 320x240; set cameras[].size to one of 320x180'
probe /dev/video0 --format yuyv --rate 25 --frames 2
check "without a size, the default one is used" equal "$(field size | sort -u)" 640x480
