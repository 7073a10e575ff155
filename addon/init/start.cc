// The entry point of the freestanding program, and the few functions that the compiler takes for granted.
#include "boot.h"

extern "C" {

void* memcpy(void* to, const void* from, size_t size) {
  char* out = static_cast<char*>(to);
  const char* in = static_cast<const char*>(from);
  while (size--) *out++ = *in++;
  return to;
}

void* memmove(void* to, const void* from, size_t size) {
  char* out = static_cast<char*>(to);
  const char* in = static_cast<const char*>(from);
  if (out <= in) return memcpy(to, from, size);
  while (size--) out[size] = in[size];
  return to;
}

void* memset(void* to, int value, size_t size) {
  char* out = static_cast<char*>(to);
  while (size--) *out++ = static_cast<char>(value);
  return to;
}

uintptr_t __stack_chk_guard;

[[noreturn]] void __stack_chk_fail() {
  sys::kill(static_cast<int>(sys::call(__NR_getpid)), 6);
  sys::exit(134);
}

// stack: argc, argv, a null, the environment, a null, then pairs of the auxiliary vector.
[[noreturn]] __attribute__((used, optimize("no-stack-protector"))) void startInit(const uintptr_t* stack) {
  static Walker walker;
  constexpr uintptr_t random = 25;  // AT_RANDOM
  int count = static_cast<int>(stack[0]);
  const uintptr_t* at = stack + 1 + count + 1;
  while (*at) at++;
  for (at++; at[0]; at += 2)
    if (at[0] == random) memcpy(&__stack_chk_guard, reinterpret_cast<const void*>(at[1]), sizeof __stack_chk_guard);
  sys::exit(boot(walker, count, reinterpret_cast<const char* const*>(stack + 1)));
}
}

#if defined(__x86_64__)
asm(".globl _start\n.type _start, @function\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall startInit\n\thlt\n");
#elif defined(__aarch64__)
asm(".globl _start\n.type _start, %function\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tbl startInit\n\tbrk #1\n");
#endif
