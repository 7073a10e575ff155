#!/bin/bash
# Writes the config.json files that docker, podman and containerd hand to their runtime into FOLDER.
# usage: capture.sh FOLDER BUSYBOX_ROOTFS   (root; dockerd, podman, conmon, containerd and ctr in PATH)
# Everything runs in mount, network and pid namespaces of its own and under a folder that is removed at the end.
set -euo pipefail

if [ "${TSRUN_CAPTURE_INSIDE:-}" != yes ]; then
  mkdir -p "$1"
  exec env TSRUN_CAPTURE_INSIDE=yes unshare -m -n -p -f --kill-child --mount-proc "$0" "$(realpath "$1")" "$(realpath "$2")"
fi

out=$1
rootfs=$2
work=$(mktemp -d)
parent=tsrun-capture
ip link set lo up
mount -t tmpfs tmpfs /run

cleanup() {
  local failed=$?
  trap - EXIT
  [ "$failed" = 0 ] || tail -n 5 "$work"/*.log >&2 || true
  jobs -p | xargs -r kill 2>/dev/null || true
  wait || true
  find /sys/fs/cgroup -depth -type d -path "*/$parent/*" -exec rmdir {} \; 2>/dev/null || true
  find /sys/fs/cgroup -depth -type d -name "$parent" -exec rmdir {} \; 2>/dev/null || true
  awk -v w="$work/" 'index($5, w) == 1 { print $5 }' /proc/self/mountinfo | tac | xargs -r umount -l
  rm -rf "$work"
}
trap cleanup EXIT

# The runtime that clients are told to use: keeps the config.json of every create, then hands on to runc.
mkdir "$work/bin" "$work/volume"
mount --bind "$work/volume" "$work/volume"
mount --make-shared "$work/volume"
cat > "$work/bin/keep" <<'RUNTIME'
#!/bin/bash
bundle=. verb=
take=
for word in "$@"; do
  if [ "$take" = bundle ]; then bundle=$word; take=; continue; fi
  case $word in
    create) verb=create ;;
    --bundle|-b) take=bundle ;;
    --bundle=*) bundle=${word#--bundle=} ;;
  esac
done
if [ "$verb" = create ]; then cp "$bundle/config.json" "$(cat "WORK/name")"; fi
exec runc "$@"
RUNTIME
sed -i "s|WORK|$work|" "$work/bin/keep"
chmod +x "$work/bin/keep"
keep_as() { echo "$out/$1.json" > "$work/name"; }
tar -C "$rootfs" -cf "$work/rootfs.tar" .

## docker
cat > "$work/daemon.json" <<JSON
{ "data-root": "$work/docker", "exec-root": "$work/docker-exec", "pidfile": "$work/docker.pid",
  "hosts": ["unix://$work/docker.sock"], "storage-driver": "vfs", "iptables": false, "ip-masq": false,
  "runtimes": { "keep": { "path": "$work/bin/keep" } }, "default-runtime": "keep",
  "exec-opts": ["native.cgroupdriver=cgroupfs"], "cgroup-parent": "/$parent" }
JSON
dockerd --config-file "$work/daemon.json" > "$work/dockerd.log" 2>&1 &
d() { timeout -k 5 60 docker --host "unix://$work/docker.sock" "$@"; }
for _ in $(seq 100); do d version > /dev/null 2>&1 && break; sleep 0.2; done
d import "$work/rootfs.tar" box > /dev/null
keep_as docker-default; d run --rm box true
keep_as docker-limits
d run --rm --network none --memory 200m --memory-swap 300m --cpus 0.5 --cpuset-cpus 0 --cpu-shares 512 --pids-limit 64 \
  --user 1000:1000 --group-add 5 --cap-drop ALL --cap-add NET_BIND_SERVICE --read-only --tmpfs /run:size=1m,mode=755 \
  --volume "$work/volume:/data:rw,rshared" --volume "$work/volume:/ro:ro" --ulimit nofile=512:1024 --hostname web \
  --device /dev/zero:/dev/nothing:r --sysctl net.ipv4.ip_unprivileged_port_start=80 --security-opt no-new-privileges \
  --workdir /tmp --env COLOUR=blue --oom-score-adj 100 --stop-signal SIGINT --shm-size 2m box true || true
keep_as docker-host; d run --rm --network host --ipc host --uts host --pid host box true
keep_as docker-privileged; d run --rm --network none --privileged box true || true
keep_as docker-tty; d run --rm --network none --tty box true

## podman
export CONTAINERS_CONF=$work/containers.conf
printf '[containers]\ndefault_ulimits=["nofile=1024:1024","nproc=1024:1024"]\n[engine]\nconmon_path=["%s"]\nruntime_supports_json=["keep"]\n' \
  "$(command -v conmon)" > "$CONTAINERS_CONF"
printf '{"default":[{"type":"insecureAcceptAnything"}]}\n' > "$work/policy.json"
p() {
  timeout -k 5 60 podman --root "$work/podman" --runroot "$work/podman-run" --tmpdir "$work/podman-tmp" \
    --storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime "$work/bin/keep" "$@"
}
p import --signature-policy "$work/policy.json" "$work/rootfs.tar" box > /dev/null 2>&1 || p import "$work/rootfs.tar" box > /dev/null
keep_as podman-default; p run --rm --network none --cgroup-parent "/$parent" box true
keep_as podman-limits
p run --rm --network none --cgroup-parent "/$parent" --memory 200m --cpus 0.5 --cpuset-cpus 0 --pids-limit 64 \
  --user 1000:1000 --cap-drop ALL --cap-add NET_BIND_SERVICE --read-only --volume "$work/volume:/data:rw,rshared" \
  --ulimit nofile=512:1024 --ulimit nproc=256:512 --hostname web --device /dev/zero:/dev/nothing:r --workdir /tmp --env COLOUR=blue \
  --sysctl net.ipv4.ip_unprivileged_port_start=80 --security-opt no-new-privileges --umask 0027 box true
keep_as podman-tty; p run --rm --network none --cgroup-parent "/$parent" --tty box true
keep_as podman-userns; p run --rm --network none --cgroup-parent "/$parent" --uidmap 0:100000:65536 --gidmap 0:100000:65536 box true || true

## containerd
cat > "$work/containerd.toml" <<TOML
version = 2
root = "$work/containerd"
state = "$work/containerd-run"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
address = "$work/containerd.sock"
[ttrpc]
address = "$work/containerd.ttrpc"
TOML
containerd --config "$work/containerd.toml" > "$work/containerd.log" 2>&1 &
c() { timeout -k 5 60 ctr --address "$work/containerd.sock" --namespace "$parent" "$@"; }
for _ in $(seq 100); do c version > /dev/null 2>&1 && break; sleep 0.2; done
mkdir "$work/image"
umoci init --layout "$work/image/oci" && umoci new --image "$work/image/oci:v1"
umoci insert --image "$work/image/oci:v1" "$rootfs" / > /dev/null
umoci config --image "$work/image/oci:v1" --config.cmd /bin/true
tar -C "$work/image/oci" -cf "$work/oci.tar" .
c image import --base-name box "$work/oci.tar" > /dev/null
runner=(--runtime io.containerd.runc.v2 --runc-binary "$work/bin/keep" --snapshotter native)
keep_as containerd-default; c run --rm "${runner[@]}" box:v1 one
keep_as containerd-limits
c run --rm "${runner[@]}" --memory-limit 209715200 --cpus 0.5 --cpu-shares 512 --read-only --cwd /tmp --env COLOUR=blue \
  --mount "type=bind,src=$work/volume,dst=/data,options=rbind:rw" --device /dev/zero --rootfs-propagation rslave \
  --annotation purpose=capture --cap-add CAP_NET_ADMIN --cap-drop CAP_MKNOD --allow-new-privs --seccomp box:v1 two
keep_as containerd-privileged; c run --rm "${runner[@]}" --privileged box:v1 four || true
keep_as containerd-host; c run --rm "${runner[@]}" --net-host box:v1 five

# What belongs to this machine and this run becomes a placeholder; captured.ts puts the reader's own in its place.
for file in "$out"/*.json; do
  sed -E -i \
    -e "s#\"path\":\"($work/docker/vfs/dir|$work/podman/vfs/dir)/[0-9a-f]{64}\"#\"path\":\"@ROOTFS@\"#" \
    -e 's#"root":\{"path":"rootfs"#"root":{"path":"@ROOTFS@"#' \
    -e "s#\"$work/[a-z-]+/(containers|vfs-containers)/[0-9a-f]{64}/(userdata/)?#\"@FILES@/#g" \
    -e "s#\"$work/volume\"#\"@FILES@/volume\"#g" \
    -e "s#\"$work/docker-exec/netns/default\"#\"@NETNS@\"#" \
    -e "s#$work#@FILES@#g" \
    -e 's#"/proc/[0-9]+/exe"#"@HOOK@"#' \
    -e "s#\"cgroupsPath\":\"[^\"]*\"#\"cgroupsPath\":\"@CGROUP@\"#" \
    -e 's#[0-9a-f]{64}#@ID@#g' \
    "$file"
  short=$(grep -oE '"hostname":"[0-9a-f]{12}"' "$file" | grep -oE '[0-9a-f]{12}' | head -n 1) || true
  [ -z "$short" ] || sed -i "s#$short#0123456789ab#g" "$file"
  python3 -m json.tool --indent 2 "$file" "$file.pretty"
  mv "$file.pretty" "$file"
done
