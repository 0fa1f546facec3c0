#pragma once
#include <stddef.h>
#include <stdint.h>

// libFuzzer without its main; it is in the compiler's runtime library, but there is no header for it.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*target)(const uint8_t *data, size_t size));
