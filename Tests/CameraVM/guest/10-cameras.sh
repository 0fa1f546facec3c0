# `adl cameras` names the camera and what it offers.
"$BINARIES/adl" cameras >"$out" 2>&1
check "adl cameras: status 0" equal $? 0
check "adl cameras: names the card" says vivid
check "adl cameras: names the node" says /dev/video0
check "adl cameras: leaves out the output node" equal "$(grep -c 'node: ' "$out")" 1
check "adl cameras: formats by their setting" says 'format nv12: NV12'
check "adl cameras: controls" says 'control brightness = '
"$BINARIES/adl" cameras --json >"$out" 2>&1
check "adl cameras --json: source" says '"source" : "/dev/video0"'
