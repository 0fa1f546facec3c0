/* Shared by the shim's own passes: oneDNN's threads, and functions compiled for several instruction sets. */
#ifndef CONEDNN_PARALLEL_H
#define CONEDNN_PARALLEL_H

#include <stdint.h>
#include <string.h>

/* GNU OpenMP's entry for a parallel region; 0 threads means the number that odn_set_threads chose. */
extern void GOMP_parallel(void (*body)(void *), void *context, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);
extern int omp_get_num_threads(void);

#if defined(__has_feature)
#define SANITIZES_THREADS __has_feature(thread_sanitizer)
#else
#define SANITIZES_THREADS 0
#endif

/* Chosen when the program starts: before ThreadSanitizer does, whose calls would stand in what chooses. */
#if defined(__x86_64__) && !SANITIZES_THREADS
#define FOR_EACH_CPU __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_CPU
#endif

/* The calling thread's share of `count` items. */
static inline void share(int64_t count, int64_t *first, int64_t *end) {
  int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
  *first = count * thread / threads;
  *end = count * (thread + 1) / threads;
}

/* To nearest, ties to even. */
static inline uint16_t rounded_to_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

#endif
