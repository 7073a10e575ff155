#!/bin/sh
# Builds the freestanding init: addon/init/build.sh OUT [CXX]. wire.h must have been generated (schemas/generate-plan.mjs).
set -eu
here=$(dirname "$0")
out=$1
cxx=${2:-${CXX:-g++}}
case $("$cxx" -dumpmachine) in
x86_64*) machine="-mstack-protector-guard=global -fcf-protection=none -mno-red-zone" ;;
aarch64*) machine="-mstack-protector-guard=global -mgeneral-regs-only" ;;
*) echo "tsrun-init: $("$cxx" -dumpmachine) is not supported" >&2 && exit 1 ;;
esac
# shellcheck disable=SC2086
exec "$cxx" -o "$out" -std=c++17 -Wall -Wextra -Werror -Os \
  -ffreestanding -fno-builtin -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-asynchronous-unwind-tables \
  -fno-tree-loop-distribute-patterns -fstack-protector-strong $machine \
  -fno-pie -no-pie -fvisibility=hidden -ffunction-sections -fdata-sections \
  -nostdlib -nostartfiles -static -s -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,norelro -Wl,-z,noseparate-code \
  "$here"/*.cc "$here"/steps/*.cc
