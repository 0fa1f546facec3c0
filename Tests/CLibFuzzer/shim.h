#pragma once
#include <stddef.h>
#include <stdint.h>

// libFuzzer without its main; the compiler's run-time library has it, and no header.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*target)(const uint8_t *data, size_t size));
