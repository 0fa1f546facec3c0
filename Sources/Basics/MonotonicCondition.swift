import Glibc

/// A lock, and a condition to wait for, by the monotonic clock.
///
/// What Foundation and Dispatch have for this waits for a time of day: where the clock is set back by a day meanwhile, a
/// wait of half a second takes a day.
///
/// `@unchecked Sendable`: POSIX mutexes and conditions are for several threads.
@safe package final class MonotonicCondition: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init() {
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(condition, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
    unsafe pthread_mutex_init(mutex, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  package func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// Waits for `broadcast`, or for nothing in particular; under the lock, which others have meanwhile.
  package func wait() { unsafe pthread_cond_wait(condition, mutex) }

  /// The same until a deadline; false once it has passed.
  package func wait(until deadline: ContinuousClock.Instant) -> Bool {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    // At most so long that the sum is still a time.
    let left = min(max(.zero, deadline - ContinuousClock.now), .seconds(1 << 40)).components
    let nanoseconds = time.tv_nsec + Int(left.attoseconds / 1_000_000_000)
    time.tv_sec += Int(left.seconds) + nanoseconds / 1_000_000_000
    time.tv_nsec = nanoseconds % 1_000_000_000
    return unsafe pthread_cond_timedwait(condition, mutex, &time) != ETIMEDOUT
  }

  /// Wakes all who wait.
  package func broadcast() { unsafe pthread_cond_broadcast(condition) }
}

/// Counts signals for threads that wait for them, by the monotonic clock as `MonotonicCondition` says.
///
/// `@unchecked Sendable`: every access to the field holds the condition's lock.
package final class MonotonicSemaphore: @unchecked Sendable {
  private let condition = MonotonicCondition()
  private var signals = 0

  package init() {}

  package func signal() {
    condition.withLock {
      signals += 1
      condition.broadcast()
    }
  }

  /// Takes a signal, the next one where there is none yet; false when none came within `duration`.
  package func wait(atMost duration: Duration) -> Bool {
    condition.withLock {
      let deadline = ContinuousClock.now + duration
      while signals == 0 {
        guard condition.wait(until: deadline) else { return false }
      }
      signals -= 1
      return true
    }
  }
}
