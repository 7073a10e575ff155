// The program's terminal: a pair of the container's own devpts, reached by descriptors only (R3, CVE-2025-52565).
#include "../mounts.h"
#include "steps.h"

using wire::Operation;

namespace {

constexpr const char* kConsole = "/dev/console";
constexpr char kName[] = "/dev/ptmx";  // what receivers are told it is called
constexpr int kOpenMaster = sys::kRdwr | sys::kNoctty;

Result verifyPtmx(int fd) {
  sys::Statx stat{};
  Result result = outcome(Operation::Fstat, status(fd, stat));
  if (result.failed()) return result;
  bool ptmx = typeOf(stat) == sys::kTypeChar && stat.rdevMajor == 5 && stat.rdevMinor == 2;
  return ptmx ? kDone : fault(Operation::Verify, ENODEV);
}

// Nobody can make, move or remove names in a devpts: what is called ptmx there is the kernel's.
Result openInDevpts(Walker& walker, Fd& out) {
  Fd directory;
  Result result = openInRoot(walker, "/dev/pts", Lookup(), directory);
  if (result.failed()) return result;
  sys::Statfs filesystem{};
  result = outcome(Operation::Statfs, sys::fstatfs(directory.get(), &filesystem));
  if (result.failed()) return result;
  if (filesystem.type != sys::kDevptsMagic) {
    walker.note("/dev/pts of the container is no devpts");
    return fault(Operation::Verify, ENODEV);
  }
  result = openMember(walker, directory.get(), "ptmx", kOpenMaster, out);
  return result.failed() ? result : verifyPtmx(out.get());
}

// A devpts of the host's may keep its ptmx from everybody; then there is a node beside it, for which the kernel finds the
// devpts at "pts" in the node's own folder. It is looked at before it is opened, as opening another device may act.
Result openBesideDevpts(Walker& walker, Fd& out) {
  Fd parent;
  const char* name;
  Result result = openParent(walker, "/dev/ptmx", parent, name);
  if (result.failed()) return result;
  Fd node(sys::openat(parent.get(), name, sys::kPath | sys::kNofollow | sys::kCloexec));
  if (!node.open()) return outcome(Operation::Open, node.get());
  result = verifyPtmx(node.get());
  if (!result.failed()) result = openMember(walker, parent.get(), name, kOpenMaster | sys::kNonblock, out);
  if (!result.failed()) result = verifyPtmx(out.get());
  return result.failed() ? result : outcome(Operation::Open, sys::fcntl(out.get(), sys::kFSetfl, sys::kRdwr));
}

Result openMaster(Walker& walker, Fd& out) {
  Result result = rootOf(walker);
  if (result.failed()) return result;
  result = openInDevpts(walker, out);
  bool closed = result.operation == Operation::Open && result.error == EACCES;
  return closed && !openBesideDevpts(walker, out).failed() ? kDone : result;
}

// The group stays: devpts gives it for all terminals alike (gid=5). In a user namespace that lacks it, or where nobody may
// change owners, the program can do without, as it gets the terminal open.
Result setOwner(Walker& walker, int terminal, uint32_t uid) {
  sys::Statx stat{};
  Result result = outcome(Operation::Fstat, status(terminal, stat));
  if (result.failed() || stat.uid == uid) return result;
  constexpr uint32_t same = ~0u;
  result = outcome(Operation::Fchownat, sys::fchownat(terminal, "", uid, same, sys::kAtEmptyPath));
  if (result.error != EPERM && result.error != EINVAL) return result;
  walker.note("its owner stays");
  report(walker, wire::Report::Notice, result);
  return kDone;
}

// A carriage return before each newline is for a terminal; who keeps the output in a file doesn't want it.
Result setPlain(int terminal) {
  sys::Termios mode{};
  Result result = outcome(Operation::Ioctl, sys::ioctl(terminal, sys::kTcgets, &mode));
  mode.output &= ~sys::kOnlcr;
  return result.failed() ? result : outcome(Operation::Ioctl, sys::ioctl(terminal, sys::kTcsets, &mode));
}

void closeAndForget(int& fd) {
  sys::close(fd);
  fd = -1;
}

}  // namespace

Result step::openConsole(Walker& walker, const wire::OpenConsole& step) {
  Fd master;
  Result result = openMaster(walker, master);
  if (result.failed()) return result;
  int locked = 0;
  result = outcome(Operation::Ioctl, sys::ioctl(master.get(), sys::kTiocsptlck, &locked));
  if (result.failed()) return result;
  // Not by its name, which may lead elsewhere by now.
  Fd terminal(sys::ioctl(master.get(), sys::kTiocgptpeer, static_cast<long>(sys::kRdwr | sys::kNoctty | sys::kCloexec)));
  if (!terminal.open()) return outcome(Operation::Ioctl, terminal.get());
  sys::WindowSize size{static_cast<uint16_t>(step.rows), static_cast<uint16_t>(step.columns), 0, 0};
  if (size.rows || size.columns) result = outcome(Operation::Ioctl, sys::ioctl(terminal.get(), sys::kTiocswinsz, &size));
  if (!result.failed() && step.plain) result = setPlain(terminal.get());
  if (!result.failed()) result = setOwner(walker, terminal.get(), step.uid);
  if (result.failed()) return result;
  walker.master = master.release();
  walker.terminal = terminal.release();
  return kDone;
}

Result step::bindConsole(Walker& walker, const wire::BindConsole&) {
  // A link would have the terminal cover any file of the container, of /proc too (CVE-2025-52565).
  Lookup lookup;
  lookup.make = Target::File;
  lookup.noSymlinks = true;
  Fd target;
  Result result = openInRoot(walker, kConsole, lookup, target);
  if (result.failed()) return result;
  Placement placement;
  placement.target = target.get();
  Fd tree(cloneTree(walker, walker.terminal, "", false));
  result = outcome(Operation::Open_tree, tree.get());
  if (result.denied()) return placeByMount(walker, walker.terminal, false, kConsole, placement);
  return result.failed() ? result : place(walker, tree.get(), placement);
}

Result step::sendConsole(Walker& walker, const wire::SendConsole& step) {
  sys::IoVector name{kName, sizeof kName - 1};
  sys::ControlMessage control{sys::kControlSize, sys::kSolSocket, sys::kScmRights, walker.master};
  sys::MessageHeader message{nullptr, 0, &name, 1, &control, sizeof control, 0};
  int socket = walker.slot(step.slot);
  Result result = outcome(Operation::Sendmsg, sys::sendmsg(socket, &message, sys::kMsgNosignal));
  if (result.failed()) return result;
  sys::close(socket);
  closeAndForget(walker.master);
  return kDone;
}

Result step::useConsole(Walker& walker, const wire::UseConsole&) {
  Result result = outcome(Operation::Ioctl, sys::ioctl(walker.terminal, sys::kTiocsctty, 0L));
  for (int stream = 0; stream < 3 && !result.failed(); stream++)
    result = outcome(Operation::Dup3, sys::dup3(walker.terminal, stream, 0));
  if (!result.failed()) closeAndForget(walker.terminal);
  return result;
}
