#pragma once
#include <stdint.h>

// The walker's program file (dist/init), as it was when this was linked.
extern "C" const uint8_t tsrunInitImage[];
extern "C" const uint8_t tsrunInitImageEnd[];
