# A film played into the camera: every frame captured is one of the film's, byte for byte.
v4l2-ctl -d1 -o1 --set-dv-bt-timings index=0 >/dev/null
v4l2-ctl -d0 -i3 --set-dv-bt-timings index=0 >/dev/null
v4l2-ctl -d1 --set-fmt-video-out width=640,height=480,pixelformat=YUYV,field=none >/dev/null
v4l2-ctl -d0 -v width=640,height=480,pixelformat=YUYV >/dev/null
control loop_video=1,osd_text_mode=2
v4l2-ctl -d1 --stream-out-mmap --stream-from="$WORK/film.yuyv" --stream-loop >/dev/null 2>&1 &
player=$!
sleep 1.5
probe /dev/video0 --format yuyv --size 640x480 --frames 25 --hashes
check "film: status" equal $? 0
field hash | sort -u >/dev/shm/captured
out=$WORK/film.json field hash | sort -u >/dev/shm/film
check "film: at least ten different frames" at_least "$(wc -l </dev/shm/captured)" 10
check "film: every captured frame is one of the film's" equal "$(comm -23 /dev/shm/captured /dev/shm/film | wc -l)" 0
kill $player
wait $player 2>/dev/null
