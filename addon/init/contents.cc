#include "contents.h"

using wire::Operation;

namespace {

char buffer[4096];

Result piece(int from, int to, int64_t at, int64_t end) {
  while (at < end) {
    long done = sys::sendfile(to, from, nullptr, static_cast<size_t>(end - at));
    if (done == -EINVAL || done == -ENOSYS) {
      size_t most = end - at < static_cast<int64_t>(sizeof buffer) ? static_cast<size_t>(end - at) : sizeof buffer;
      done = sys::read(from, buffer, most);
      long taken = done > 0 ? sys::write(to, buffer, static_cast<size_t>(done)) : done;
      done = taken < 0 || taken == done ? taken : -ENOSPC;
    }
    if (done == -EINTR) continue;
    if (done < 0) return outcome(Operation::Write, done);
    if (done == 0) return kDone;
    at += done;
  }
  return kDone;
}

}  // namespace

Result copyContents(int from, int to, int64_t size) {
  for (int64_t at = 0; at < size;) {
    int64_t data = sys::lseek(from, at, sys::kSeekData);
    if (data == -ENXIO) break;
    if (data < at) data = at;
    int64_t hole = sys::lseek(from, data, sys::kSeekHole);
    if (hole <= data || hole > size) hole = size;
    Result result = outcome(Operation::Read, sys::lseek(from, data, sys::kSeekSet));
    if (!result.failed()) result = outcome(Operation::Write, sys::lseek(to, data, sys::kSeekSet));
    if (!result.failed()) result = piece(from, to, data, hole);
    if (result.failed()) return result;
    at = hole;
  }
  return outcome(Operation::Write, sys::ftruncate(to, size));
}
