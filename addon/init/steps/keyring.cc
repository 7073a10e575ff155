#include "../attributes.h"
#include "steps.h"

using wire::Operation;

namespace {

constexpr int kJoinSessionKeyring = 1, kSetPermissions = 5, kDescribe = 6;
constexpr uint64_t kUserSearch = 0x080000;

// "type;uid;gid;permissions;description", the permissions in hexadecimal (keyctl(2), KEYCTL_DESCRIBE).
bool permissionsOf(const char* description, uint64_t& out) {
  for (int separators = 0; separators < 3; description++) {
    if (!*description) return false;
    separators += *description == ';';
  }
  out = 0;
  for (; *description && *description != ';'; description++) {
    char c = *description;
    bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return false;
    out = out << 4 | static_cast<uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return *description == ';';
}

// The program's user must be able to search the keyring that was made under other ids.
long allowSearch(long keyring) {
  char description[256];
  long size = sys::keyctl(kDescribe, keyring, sys::word(description), sizeof description);
  if (size < 0) return size;
  uint64_t permissions;
  description[sizeof description - 1] = 0;
  if (!permissionsOf(description, permissions)) return -EINVAL;
  return permissions & kUserSearch ? 0 : sys::keyctl(kSetPermissions, keyring, static_cast<long>(permissions | kUserSearch), 0);
}

// What is made while a label stands in keycreate has it; an empty one takes it back.
Result labelKeys(Walker& walker, const char* label) { return writeOwnAttribute(walker, "keycreate", "", label); }

}  // namespace

Result step::joinKeyring(Walker& walker, const wire::JoinKeyring& step) {
  const char* label = walker.text(step.label);
  Result result = *label ? labelKeys(walker, label) : kDone;
  if (result.failed()) return result;
  long keyring = sys::keyctl(kJoinSessionKeyring, sys::word(walker.text(step.name)), 0, 0);
  if (*label) result = labelKeys(walker, "");
  if (keyring == -ENOSYS || result.failed()) return result;
  if (keyring < 0) return outcome(Operation::Keyctl, keyring);
  // A keyring that was there before may refuse it (exec): that is the container's own affair.
  result = outcome(Operation::Keyctl, allowSearch(keyring));
  if (result.failed()) report(walker, wire::Report::Notice, result);
  return kDone;
}
