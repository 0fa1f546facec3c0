/* Tells ThreadSanitizer of the locks of Swift's Mutex. Its library isn't compiled with the sanitizer, which therefore sees no lock
 * that another thread had to wait for, and reports what the lock protects. The linker puts these in place of the library's
 * functions (--wrap), in every program of a build with the sanitizer. */
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *mutex
#define NAMED(prefix, name) __asm__(prefix "$s15Synchronization12_MutexHandleV" name)

extern void __tsan_acquire(void *);
extern void __tsan_release(void *);

SWIFT void lock(unsigned owner, SELF) NAMED("__real_", "9_lockSlowyys6UInt32VF");
SWIFT void unlock(SELF) NAMED("__real_", "11_unlockSlowyyF");
SWIFT void lock_and_tell(unsigned owner, SELF) NAMED("__wrap_", "9_lockSlowyys6UInt32VF");
SWIFT void tell_and_unlock(SELF) NAMED("__wrap_", "11_unlockSlowyyF");

SWIFT void lock_and_tell(unsigned owner, SELF) {
  lock(owner, mutex);
  __tsan_acquire(mutex);
}

SWIFT void tell_and_unlock(SELF) {
  __tsan_release(mutex);
  unlock(mutex);
}
