# Before the machine boots: the package, two cameras, and settings for them; the argument is the package.
set -e
echo "installing at $(date +%T)"
rmmod vivid
insmod /proc/1/root/modules/vivid.ko n_devs=2 node_types=1,1
# Both cameras are on one bus here, so udev would give both the same name.
cat >/etc/udev/rules.d/61-vivid.rules <<'RULES'
SUBSYSTEM=="video4linux", ATTR{name}=="vivid-000-vid-cap", SYMLINK+="v4l/by-path/first"
SUBSYSTEM=="video4linux", ATTR{name}=="vivid-001-vid-cap", SYMLINK+="v4l/by-path/second"
RULES
# Making the index of all manual pages anew would take longer than everything else.
rm -f /var/lib/man-db/auto-update
dpkg --force-unsafe-io -i "$1" >/dev/shm/dpkg 2>&1 || { cat /dev/shm/dpkg; exit 1; }
# Any picture at all is an activity to this network, so that every loss of a camera has one to end; and it is so small that an
# emulated processor keeps up.
adl model create --width 0.125 --frames 16 --size 112 --classes 2 --out /usr/share/adl/models/any.safetensors >/dev/null
cat >/etc/adl/adld.yaml <<'YAML'
node: guest
model: {path: /usr/share/adl/models/any.safetensors, precision: f32, hop: 16, threads: 1}
cameras:
  - {name: one, source: /dev/v4l/by-path/first, format: yuyv, controls: {brightness: 77}}
  - {name: two, source: /dev/v4l/by-path/second, format: yuyv}
people: {mode: scene}
recognition: {smoothing: {method: mean, windows: 1}, on: 0.3, off: 0.2, onHold: 1, offHold: 1, margin: 0}
page: {listen: "127.0.0.1:8077"}
YAML
adld --check --config /etc/adl/adld.yaml >/dev/null
echo "installed at $(date +%T)"
# rm and insmod leave the nodes to root; udev gives them their names and rights once it runs.
