#pragma once
#include "value.h"

namespace core {

// FIPS 180-4, as 64 hex digits.
std::string sha256(View data);

}  // namespace core
