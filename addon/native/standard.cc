// What the C++ standard library would bring, so that its own, which carries exceptions and locales, need not be linked.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <new>
#include <string>

namespace {

[[noreturn]] void die(const char* why) {
  std::string_view begin = "tsrun: internal error: ", text = why, end = "\n";
  for (auto part : {begin, text, end}) (void)!::write(STDERR_FILENO, part.data(), part.size());
  _exit(1);
}

}  // namespace

template class std::basic_string<char>;

void* operator new(size_t size) {
  if (void* block = malloc(size)) return block;
  die("out of memory");
}
void operator delete(void* block) noexcept { free(block); }
void operator delete(void* block, size_t) noexcept { free(block); }

namespace std {

void __throw_bad_alloc() { die("out of memory"); }
void __throw_bad_array_new_length() { die("out of memory"); }
void __throw_length_error(const char* why) { die(why); }
void __throw_logic_error(const char* why) { die(why); }
void __throw_out_of_range_fmt(const char* why, ...) { die(why); }

}  // namespace std
