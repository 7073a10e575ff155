// What a new filesystem takes over of the directory that it covers (mount option tmpcopyup).
#pragma once
#include "walker.h"

// Copies what is in the directory `from` into the empty directory `to` that nobody else sees yet: files with their holes,
// directories and symbolic links, with modes, owners, times and, as far as `to` takes them, extended attributes. Mounts below
// are followed, but of those whose files the kernel makes up (proc, sysfs ...) only the mount point is made. Fifos, sockets
// and devices are made anew, never opened; a mount without devices or without set-user-id gives none of these on.
Result copyTree(Walker& walker, int from, int to, bool owner);
