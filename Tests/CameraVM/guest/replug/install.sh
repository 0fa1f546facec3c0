# Runs before the guest boots: installs the package $1, creates two cameras and writes settings for them.
set -e
echo "installing at $(date +%T)"
rmmod vivid
insmod /proc/1/root/modules/vivid.ko n_devs=2 node_types=1,1
# Both cameras are on the same bus here, so udev would give them the same name.
cat >/etc/udev/rules.d/61-vivid.rules <<'RULES'
SUBSYSTEM=="video4linux", ATTR{name}=="vivid-000-vid-cap", SYMLINK+="v4l/by-path/first"
SUBSYSTEM=="video4linux", ATTR{name}=="vivid-001-vid-cap", SYMLINK+="v4l/by-path/second"
RULES
# Rebuilding the index of all manual pages would take longer than everything else.
rm -f /var/lib/man-db/auto-update
dpkg --force-unsafe-io -i "$1" >/dev/shm/dpkg 2>&1 || { cat /dev/shm/dpkg; exit 1; }
# This network sees an activity in any picture, so every loss of a camera ends one. It is small enough for an emulated
# processor to keep up.
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
# After rmmod and insmod the nodes belong to root; udev sets their names and permissions once it runs.
