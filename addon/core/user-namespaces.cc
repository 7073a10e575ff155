#include "user-namespaces.h"

#include <fcntl.h>
#include <unistd.h>

#include "fd.h"
#include "holder.h"
#include "read.h"

namespace core {
namespace {

// 340 lines of three numbers, with the kernel's padding.
constexpr size_t kMostText = 16 << 10;

// One write: the kernel takes a map only whole.
Result writeMap(const Holder& holder, const char* file, const std::string& map) {
  Fd out(::open(holder.path(file).c_str(), O_WRONLY | O_CLOEXEC));
  if (!out) return Result::fail("open", errno);
  ssize_t done = uninterrupted([&] { return ::write(out.get(), map.data(), map.size()); });
  if (done < 0) {
    Result result = Result::fail("write", errno);
    result.subject = file;
    return result;
  }
  return done == static_cast<ssize_t>(map.size()) ? Result::nothing() : Result::fail("write", EIO);
}

Result readText(const std::string& path, std::string& out) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return Result::fail("open", errno);
  Buffer bytes;
  if (int error = readAll(file.get(), kMostText, 0, bytes)) return Result::fail("read", error);
  out.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return Result::nothing();
}

}  // namespace

Result makeUserNamespace(const std::string& uidMap, const std::string& gidMap) {
  Holder holder;
  Result result = holder.make(sys::kCloneNewuser);
  if (result.kind != Result::Kind::Error) result = writeMap(holder, "uid_map", uidMap);
  if (result.kind != Result::Kind::Error) result = writeMap(holder, "gid_map", gidMap);
  if (result.kind == Result::Kind::Error) return result;
  return Result::numberOrFail("open", ::open(holder.path("ns/user").c_str(), O_RDONLY | O_CLOEXEC));
}

Result readUserNamespace(int space) {
  Holder holder;
  Result result = space < 0 ? Result::nothing() : holder.join(space);
  std::vector<std::string> texts;
  for (const char* file : {"uid_map", "gid_map", "setgroups"}) {
    if (result.kind == Result::Kind::Error) return result;
    std::string text;
    result = readText(space < 0 ? std::string("/proc/self/") + file : holder.path(file), text);
    texts.push_back(text);
  }
  return result.kind == Result::Kind::Error ? std::move(result) : Result::of(std::move(texts));
}

}  // namespace core
