#pragma once
#include "value.h"

namespace core {

// 0, or EILSEQ when the bytes aren't UTF-8, or ELOOP when arrays and objects are nested deeper than `maxDepth`.
int checkJson(View text, uint32_t maxDepth);

}  // namespace core
