# The shipped unit under systemd, in its own process namespace, started before the camera driver is loaded. Runs last, since
# it removes the driver.
programs=/usr/local/bin
cp "$BINARIES/adld" "$BINARIES/adl" $programs/
mkdir -p /etc/adl /usr/local/share/adl/models /usr/lib/sysusers.d
cp "$WORK/model.safetensors" /usr/local/share/adl/models/people.safetensors
cp "$UNITS/adld.service" /etc/systemd/system/adld.service
mkdir -p /etc/systemd/system/adld.service.d
printf '[Service]\nStandardError=append:/dev/shm/unit\n' >/etc/systemd/system/adld.service.d/log.conf
cp "$UNITS/sysusers.conf" /usr/lib/sysusers.d/adl.conf
chmod -R a+rX $programs /usr/local/share/adl
cat >/etc/adl/adld.yaml <<YAML
node: guest
model: {path: /usr/local/share/adl/models/people.safetensors, precision: f32}
cameras:
  - {name: one, source: /dev/v4l/by-path/one, format: yuyv}
  - {name: two, source: /dev/v4l/by-path/two, format: yuyv}
people: {mode: scene}
YAML
chmod 755 /etc/adl
chmod 644 /etc/adl/adld.yaml
systemd-sysusers adl.conf >/dev/null 2>&1

modules=/proc/1/root
# Modules that the machine's own disks need stay loaded.
grep -vE '^(virtio|9p|netfs|fscache|overlay)' $modules/order >/dev/shm/drivers
for module in $(tac /dev/shm/drivers); do rmmod "${module%.ko}" 2>/dev/null; done
check "unit: no camera driver at first" test ! -e /dev/video0
# None of this machine's other services are wanted, and this one would first scan all of /tmp.
ln -sf /dev/null /etc/systemd/system/systemd-tmpfiles-setup.service
mount -t cgroup2 cgroup /sys/fs/cgroup
container=guest unshare --pid --fork --mount --mount-proc /lib/systemd/systemd --system --unit=basic.target \
  >/dev/shm/systemd 2>&1 &
# systemd accepts commands only from its own processes, and systemctl does nothing in a chroot unless told to.
manage() {
  SYSTEMD_IGNORE_CHROOT=1 nsenter --target "$(pgrep -o -f '^/lib/systemd/systemd --system')" --pid --mount --root --wd \
    systemctl "$@"
}
for ((i = 0; i < 60; i++)); do
  manage is-active --quiet basic.target 2>/dev/null && break
  sleep 1
done
out=/dev/shm/unit
manage start adld >>"$out" 2>&1
check "unit: starts" equal $? 0
adl watch --json --endpoint ipc:///run/adl/events.sock >/dev/shm/watched 2>/dev/null &
watcher=$!
directory=$(stat -c %i /run/adl)
sleep 3
for module in $(cat /dev/shm/drivers); do
  insmod "$modules/modules/$module" $([ "$module" != vivid.ko ] || echo n_devs=2 node_types=0x101,0x101) 2>/dev/null
done
# udev does not run here, so do what it would: name two identical cameras by their USB sockets.
chgrp video /dev/video*
chmod 660 /dev/video*
mkdir -p /dev/v4l/by-path
nodes=($(cd /sys/class/video4linux && grep -l 'vid-cap' */name | cut -d/ -f1))
ln -sfn "../../${nodes[0]}" /dev/v4l/by-path/one
ln -sfn "../../${nodes[1]}" /dev/v4l/by-path/two
# until_watched TEXT SECONDS: waits for a message.
until_watched() {
  for ((i = 0; i < $2; i++)); do
    ! grep -qF -- "$1" /dev/shm/watched || return 0
    sleep 1
  done
  return 1
}
for name in one two; do
  check "unit: of two identical cameras plugged in later, $name is used" \
    until_watched "\"camera\":\"$name\",\"condition\":\"online\"" 90
done
"$BINARIES/adl" cameras >/dev/shm/cameras
for name in one two; do
  check "unit: adl cameras knows $name by its socket" grep -q "by-path/$name" /dev/shm/cameras
done
check "unit: messages have the boot ID" grep -q "\"boot_id\":\"$(cat /proc/sys/kernel/random/boot_id)\"" \
  /dev/shm/watched
kill $watcher
manage restart adld >>"$out" 2>&1
check "unit: restarts" equal $? 0
check "unit: /run/adl stays the same directory" equal "$(stat -c %i /run/adl)" "$directory"
manage stop adld >>"$out" 2>&1
