// The kernel's side of the border: system call numbers, constants and structures, spelled out here because a
// freestanding program has no libc and old headers lack the newer ones. Values are those of x86-64 and arm64.
#pragma once
#include <asm/unistd.h>
#include <linux/errno.h>
#include <stddef.h>
#include <stdint.h>

namespace sys {

// From 424 on a system call has one number on every architecture (include/uapi/asm-generic/unistd.h).
enum Number : long {
  kNrPidfdSendSignal = 424,
  kNrOpenTree = 428,
  kNrMoveMount = 429,
  kNrFsopen = 430,
  kNrFsconfig = 431,
  kNrFsmount = 432,
  kNrPidfdOpen = 434,
  kNrClone3 = 435,
  kNrCloseRange = 436,
  kNrOpenat2 = 437,
  kNrPidfdGetfd = 438,
  kNrFaccessat2 = 439,
  kNrMountSetattr = 442,
};

constexpr int kAtFdcwd = -100;
constexpr int kAtSymlinkNofollow = 0x100;
constexpr int kAtEaccess = 0x200;
constexpr int kAtNoAutomount = 0x800;
constexpr int kAtEmptyPath = 0x1000;
constexpr int kAtRecursive = 0x8000;

// open(2)
constexpr int kRdonly = 0, kWronly = 1, kRdwr = 2;
constexpr int kCreat = 0100, kExcl = 0200, kNoctty = 0400, kNonblock = 04000;
#if defined(__aarch64__)
constexpr int kDirectory = 040000, kNofollow = 0100000;
#elif defined(__x86_64__)
constexpr int kDirectory = 0200000, kNofollow = 0400000;
#else
#error "tsrun runs on x86-64 and arm64"
#endif
constexpr int kCloexec = 02000000, kPath = 010000000;

// openat2(2), 5.6
constexpr uint64_t kResolveNoXdev = 0x01, kResolveNoMagiclinks = 0x02, kResolveNoSymlinks = 0x04, kResolveBeneath = 0x08,
                   kResolveInRoot = 0x10;
struct OpenHow {
  uint64_t flags, mode, resolve;
};

// stat
constexpr uint32_t kTypeMask = 0170000, kTypeFifo = 0010000, kTypeChar = 0020000, kTypeDirectory = 0040000, kTypeBlock = 0060000,
                   kTypeRegular = 0100000, kTypeSymlink = 0120000;
constexpr uint32_t kStatxBasic = 0x7ff, kStatxMntId = 0x1000;
constexpr uint64_t kStatxAttrMountRoot = 0x2000;
struct Statx {
  uint32_t mask, blksize;
  uint64_t attributes;
  uint32_t nlink, uid, gid;
  uint16_t mode, pad;
  uint64_t ino, size, blocks, attributesMask;
  uint64_t times[8];
  uint32_t rdevMajor, rdevMinor, devMajor, devMinor;
  uint64_t mntId;
  uint64_t spare[13];
};
static_assert(sizeof(Statx) == 256, "statx");
static_assert(offsetof(Statx, rdevMajor) == 128 && offsetof(Statx, mntId) == 144, "statx");

// A device number as mknod(2) takes it.
constexpr uint32_t deviceNumber(uint32_t major, uint32_t minor) { return (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12); }

constexpr long kProcMagic = 0x9fa0;
constexpr uint64_t kProcRootIno = 1;
constexpr long kDevptsMagic = 0x1cd1, kTmpfsMagic = 0x01021994, kRamfsMagic = 0x858458f6, kSysfsMagic = 0x62656572, kMqueueMagic = 0x19800202;
struct Statfs {
  long type, bsize;
  uint64_t blocks, bfree, bavail, files, ffree, fsid;
  long namelen, frsize, flags, spare[4];
};
static_assert(sizeof(Statfs) == 120, "statfs");

// mount(2). statfs flags of a mount (ST_*) are those of mount(2), but for relatime.
constexpr unsigned long kMsRdonly = 1, kMsNosuid = 2, kMsNodev = 4, kMsNoexec = 8, kMsRemount = 32, kMsNosymfollow = 256, kMsNoatime = 1024,
                        kMsNodiratime = 2048, kMsBind = 4096, kMsMove = 8192, kMsRec = 16384, kMsUnbindable = 1 << 17, kMsPrivate = 1 << 18,
                        kMsSlave = 1 << 19, kMsShared = 1 << 20, kMsRelatime = 1 << 21, kMsStrictatime = 1 << 24;
constexpr long kStRelatime = 4096;
constexpr long kStNosymfollow = 8192;
constexpr int kMntDetach = 2;

// mount_setattr(2), 5.12; fsmount(2), 5.2
constexpr uint32_t kAttrRdonly = 1, kAttrNosuid = 2, kAttrNodev = 4, kAttrNoexec = 8, kAttrAtime = 0x70, kAttrNoatime = 0x10,
                   kAttrStrictatime = 0x20, kAttrNodiratime = 0x80, kAttrIdmap = 0x100000, kAttrNosymfollow = 0x200000;
struct MountAttr {
  uint64_t set, clear, propagation, usernsFd;
};
constexpr unsigned kOpenTreeClone = 1, kOpenTreeCloexec = kCloexec;
constexpr unsigned kMoveMountFromEmptyPath = 0x4, kMoveMountToEmptyPath = 0x40;
constexpr unsigned kFsopenCloexec = 1, kFsmountCloexec = 1;
constexpr unsigned kFsconfigSetFlag = 0, kFsconfigSetString = 1, kFsconfigCreate = 6;

// clone3(2)
constexpr uint64_t kCloneVm = 0x100, kCloneFs = 0x200, kCloneFiles = 0x400, kClonePidfd = 0x1000, kCloneVfork = 0x4000, kCloneParent = 0x8000,
                   kCloneNewtime = 0x80, kCloneNewns = 0x20000, kCloneNewcgroup = 0x02000000, kCloneNewuts = 0x04000000,
                   kCloneNewipc = 0x08000000, kCloneNewuser = 0x10000000, kCloneNewpid = 0x20000000, kCloneNewnet = 0x40000000,
                   kCloneClearSighand = 0x100000000ULL, kCloneIntoCgroup = 0x200000000ULL;
constexpr uint64_t kCloneNamespaces =
    kCloneNewtime | kCloneNewns | kCloneNewcgroup | kCloneNewuts | kCloneNewipc | kCloneNewuser | kCloneNewpid | kCloneNewnet;
struct CloneArgs {
  uint64_t flags, pidfd, childTid, parentTid, exitSignal, stack, stackSize, tls, setTid, setTidSize, cgroup;
};
static_assert(sizeof(CloneArgs) == 88, "clone_args, 5.7");

// Signals
constexpr int kSignals = 64, kSigkill = 9, kSigchld = 17, kSigstop = 19;
constexpr int kSigSetmask = 2;
struct SigAction {
  uint64_t handler, flags, restorer, mask;
};

// prctl(2)
constexpr int kPrSetPdeathsig = 1, kPrSetDumpable = 4, kPrSetKeepcaps = 8, kPrCapbsetRead = 23, kPrCapbsetDrop = 24, kPrSetNoNewPrivs = 38,
              kPrCapAmbient = 47;
constexpr int kPrCapAmbientRaise = 2, kPrCapAmbientClearAll = 4;

// capset(2), version 3
constexpr uint32_t kCapVersion = 0x20080522;
struct CapHeader {
  uint32_t version;
  int32_t pid;
};
struct CapData {
  uint32_t effective, permitted, inheritable;
};

struct Timespec {
  int64_t sec, nsec;
};
constexpr int kClockMonotonic = 1;
struct PollFd {
  int fd;
  short events, revents;
};
constexpr short kPollIn = 1, kPollHup = 16;
struct Rlimit {
  uint64_t soft, hard;
};
constexpr unsigned kRlimitNofile = 7;
struct SockFprog {
  uint16_t length;
  const void* filter;
};
constexpr unsigned kSeccompSetModeFilter = 1;

constexpr int kFDupfdCloexec = 1030, kFGetfd = 1, kFSetfd = 2, kFSetfl = 4, kFdCloexec = 1;
constexpr unsigned kCloseRangeCloexec = 4;
constexpr int kSeekSet = 0, kSeekData = 3, kSeekHole = 4;
constexpr int kXOk = 1;
constexpr int kProtRead = 1, kProtWrite = 2, kMapPrivate = 2, kMapAnonymous = 0x20;
constexpr int kMsgNosignal = 0x4000;

// Terminals: ioctl_tty(2), TIOCGPTPEER 4.13
constexpr unsigned kTcgets = 0x5401, kTcsets = 0x5402, kTiocsctty = 0x540e, kTiocswinsz = 0x5414, kTiocsptlck = 0x40045431, kTiocgptpeer = 0x5441;
struct WindowSize {
  uint16_t rows, columns, width, height;
};

constexpr uint32_t kOnlcr = 4;
struct Termios {
  uint32_t input, output, control, local;
  uint8_t line, characters[19];
};
static_assert(sizeof(Termios) == 36, "termios of the kernel");

// sendmsg(2) with one descriptor: unix(7)
constexpr int kSolSocket = 1, kScmRights = 1;
struct IoVector {
  const void* base;
  size_t size;
};
struct ControlMessage {
  size_t size;
  int level, type, fd;
};
constexpr size_t kControlSize = offsetof(ControlMessage, fd) + sizeof(int);
static_assert(sizeof(ControlMessage) == 24 && kControlSize == 20, "cmsghdr and one descriptor");
struct MessageHeader {
  void* name;
  uint32_t nameSize;
  const IoVector* vectors;
  size_t vectorCount;
  const ControlMessage* control;
  size_t controlSize;
  int flags;
};
static_assert(sizeof(MessageHeader) == 56, "msghdr");

}  // namespace sys
