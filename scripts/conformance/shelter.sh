#!/bin/sh
# A place for one validation program, from which nothing leaks: `join`, which goes on with `inside`, and `clean`.
# Its own cgroup in each v1 hierarchy (and the v2 tree, where it is beside them) is the root of a cgroup namespace.
# Runs in mount and pid namespaces of its own.
#
# sh shelter.sh join ID FOLDER PROGRAM   runs PROGRAM in FOLDER
# sh shelter.sh clean ID FOLDER          removes the cgroups called ID
set -eu
stage=$1 id=$2 folder=$3
tree=/sys/fs/cgroup

# Mounts all hierarchies that this kernel has in use, each in a folder of its name below $1.
mount_hierarchies() {
  while IFS=: read -r number controllers path; do
    case $controllers in
      '') name=unified ;;
      name=*) name=${controllers#name=} ;;
      *) name=$controllers ;;
    esac
    mkdir "$1/$name"
    case $controllers in
      '') mount -t cgroup2 cgroup2 "$1/$name" ;;
      name=*) mount -t cgroup -o "none,$controllers" cgroup "$1/$name" ;;
      *) mount -t cgroup -o "$controllers" cgroup "$1/$name" ;;
    esac
  done <<END
$(cat /proc/self/cgroup)
END
}

mount_roots() {
  mount -t tmpfs -o mode=755 tmpfs "$folder/hierarchies"
  mount_hierarchies "$folder/hierarchies"
}

case $stage in
  join)
    mount_roots
    for root in "$folder"/hierarchies/*; do
      mkdir "$root/$id"
      if [ -e "$root/$id/cpuset.mems" ] && [ -z "$(cat "$root/$id/cpuset.mems")" ]; then
        cat "$root/cpuset.cpus" > "$root/$id/cpuset.cpus"
        cat "$root/cpuset.mems" > "$root/$id/cpuset.mems"
      fi
      echo 0 > "$root/$id/cgroup.procs"
    done
    umount -l -R "$folder/hierarchies"
    # Not exec: this shell stays pid 1 here, and reaps who is orphaned.
    unshare --cgroup --mount sh "$0" inside "$id" "$folder" "$4"
    exit $?
    ;;
  inside)
    umount -l -R "$tree"
    mount -t tmpfs -o mode=755 tmpfs "$tree"
    mount_hierarchies "$tree"
    for root in "$tree"/*,*; do
      [ -d "$root" ] || continue
      for name in $(echo "${root##*/}" | tr , ' '); do ln -s "${root##*/}" "$tree/$name"; done
    done
    mount -t tmpfs -o mode=755 tmpfs /run
    cd "$folder"
    "$4"
    exit $?
    ;;
  clean)
    mount_roots
    for root in "$folder"/hierarchies/*; do
      if [ -d "$root/$id" ]; then find "$root/$id" -depth -type d -exec rmdir {} +; fi
    done
    ;;
esac
