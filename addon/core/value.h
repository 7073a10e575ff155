// What a call takes and gives, free of any JavaScript engine.
#pragma once
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <string>
#include <utility>
#include <vector>

namespace core {

// Bytes that belong to somebody else.
struct View {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

inline View view(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Bytes of its own, not initialised.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t size) : data_(static_cast<uint8_t*>(malloc(size ? size : 1))), size_(data_ ? size : 0) {}
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { free(data_); }

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  explicit operator bool() const { return data_ != nullptr; }
  View view() const { return {data_, size_}; }
  void shrink(size_t size) { size_ = size; }
  // The bytes are the caller's from then on, to be given back with free.
  uint8_t* release() {
    size_ = 0;
    return std::exchange(data_, nullptr);
  }
  bool grow(size_t size) {
    auto* data = static_cast<uint8_t*>(realloc(data_, size));
    if (!data) return false;
    data_ = data;
    size_ = size;
    return true;
  }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

// One argument. A binding fills the member that the call's signature asks for (see Call::takes).
struct Value {
  double number = 0;                // i u n
  uint64_t big = 0;                 // w
  std::string text;                 // t x, and d when `bytes.data` is null
  View bytes;                       // b, and d when it was given as bytes
  std::vector<std::string> texts;   // T
  std::vector<double> numbers;      // I
};

constexpr size_t kMaxArguments = 6;

struct Args {
  Value values[kMaxArguments];

  int integer(size_t at) const { return static_cast<int>(values[at].number); }
  uint32_t natural(size_t at) const { return static_cast<uint32_t>(values[at].number); }
  int64_t wide(size_t at) const { return static_cast<int64_t>(values[at].number); }
  uint64_t big(size_t at) const { return values[at].big; }
  const char* text(size_t at) const { return values[at].text.c_str(); }
  View data(size_t at) const { return values[at].bytes.data ? values[at].bytes : view(values[at].text); }
  const std::vector<std::string>& texts(size_t at) const { return values[at].texts; }
  std::vector<int> integers(size_t at) const {
    return std::vector<int>(values[at].numbers.begin(), values[at].numbers.end());
  }
};

struct Field {
  const char* name;
  double value;
};

// What a call gives back; a binding makes the engine's value of it.
struct Result {
  enum class Kind : uint8_t { Nothing, Null, Number, Bytes, Text, Texts, Numbers, Bigs, Record, Error };

  Kind kind = Kind::Nothing;
  double number = 0;                // Number
  Buffer bytes;                     // Bytes; Text (any bytes, to be surrogate-escaped)
  std::vector<std::string> texts;   // Texts
  std::vector<double> numbers;      // Numbers
  std::vector<uint64_t> bigs;       // Bigs
  std::vector<Field> record;        // Record
  const char* syscall = nullptr;    // Error
  int error = 0;                    // Error: errno
  std::string subject;              // Error: the path it is about, or empty

  static Result nothing() { return {}; }
  static Result null() { return of(Kind::Null); }
  static Result of(Kind kind) {
    Result result;
    result.kind = kind;
    return result;
  }
  static Result of(double number) {
    Result result = of(Kind::Number);
    result.number = number;
    return result;
  }
  static Result of(Kind kind, Buffer bytes) {
    Result result = of(kind);
    result.bytes = std::move(bytes);
    return result;
  }
  static Result of(std::vector<std::string> texts) {
    Result result = of(Kind::Texts);
    result.texts = std::move(texts);
    return result;
  }
  static Result of(std::vector<double> numbers) {
    Result result = of(Kind::Numbers);
    result.numbers = std::move(numbers);
    return result;
  }
  static Result of(std::vector<Field> record) {
    Result result = of(Kind::Record);
    result.record = std::move(record);
    return result;
  }
  static Result fail(const char* syscall, int error) {
    Result result = of(Kind::Error);
    result.syscall = syscall;
    result.error = error;
    return result;
  }
  // The usual system call: -1 is an error of errno, anything else a number.
  static Result numberOrFail(const char* syscall, long value) {
    return value < 0 ? fail(syscall, errno) : of(static_cast<double>(value));
  }
  static Result nothingOrFail(const char* syscall, long value) {
    return value < 0 ? fail(syscall, errno) : nothing();
  }
};

}  // namespace core
