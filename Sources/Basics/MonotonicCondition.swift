import Glibc

/// A lock with a condition variable that waits on the monotonic clock.
///
/// The equivalents in Foundation and Dispatch wait for a wall-clock time: if the clock is set back by a day meanwhile,
/// a wait of half a second takes a day.
///
/// `@unchecked Sendable`: POSIX mutexes and conditions may be used from several threads.
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

  /// Waits for `broadcast`, though it may also return without one.
  ///
  /// Call it with the lock held; other threads can take the lock meanwhile.
  package func wait() { unsafe pthread_cond_wait(condition, mutex) }

  /// Waits until `broadcast` or the deadline; false once the deadline has passed.
  package func wait(until deadline: ContinuousClock.Instant) -> Bool {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    // Bounded, so that the sum stays a valid time.
    let left = min(max(.zero, deadline - ContinuousClock.now), .seconds(1 << 40)).components
    let nanoseconds = time.tv_nsec + Int(left.attoseconds / 1_000_000_000)
    time.tv_sec += Int(left.seconds) + nanoseconds / 1_000_000_000
    time.tv_nsec = nanoseconds % 1_000_000_000
    return unsafe pthread_cond_timedwait(condition, mutex, &time) != ETIMEDOUT
  }

  /// Wakes all waiting threads.
  package func broadcast() { unsafe pthread_cond_broadcast(condition) }
}

/// A counting semaphore on the monotonic clock, for the reason given at `MonotonicCondition`.
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

  /// Takes a signal, waiting if there is none; false if none came within `duration`.
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
