import Basics

/// A `Mailbox` between threads: cameras leave items, workers take them, each sender's one at a time.
///
/// `@unchecked Sendable`: every access to the fields holds the condition's lock.
final class Exchange<Sender: Hashable & Sendable, Item: Sendable>: @unchecked Sendable {
  private let condition = MonotonicCondition()
  private var mailbox = Mailbox<Sender, Item>()
  private var working: Set<Sender> = []
  private var isClosed = false

  /// Leaves an item and returns any items dropped to make room, like `Mailbox.leave`.
  func leave(
    _ item: Item, from sender: Sender, deadline: Duration, group: ((Sender) -> Bool)? = nil, most: Int = .max
  ) -> [Item] {
    condition.withLock {
      defer { condition.broadcast() }
      return mailbox.leave(item, from: sender, deadline: deadline, group: group, most: most)
    }
  }

  /// Waits for the next item, `nil` once closed; `finish` follows when the work at it is done.
  func next() -> (sender: Sender, item: Item)? {
    condition.withLock {
      while !isClosed {
        if let next = mailbox.next(except: working) {
          working.insert(next.sender)
          return next
        }
        condition.wait()
      }
      return nil
    }
  }

  /// The work at a sender's item is done, and its next one may be taken.
  func finish(_ sender: Sender) {
    condition.withLock {
      working.remove(sender)
      condition.broadcast()
    }
  }

  /// Takes out what waits from certain senders.
  func withdraw(where isGone: (Sender) -> Bool) -> [Item] { condition.withLock { mailbox.withdraw(where: isGone) } }

  /// Waits until nothing from matching senders is waiting or being worked on, at most this long.
  func waitUntilDone(_ matches: (Sender) -> Bool, atMost duration: Duration) {
    condition.withLock {
      let deadline = ContinuousClock.now + duration
      while !isClosed, mailbox.waits(where: matches) || working.contains(where: matches) {
        guard condition.wait(until: deadline) else { return }
      }
    }
  }

  /// True if nothing is waiting.
  var isIdle: Bool { condition.withLock { mailbox.isEmpty } }

  /// Ends the workers' waits, now and later.
  func close() {
    condition.withLock {
      isClosed = true
      condition.broadcast()
    }
  }
}

/// Tells a blocking thread to stop, and wakes it if it is waiting.
///
/// `@unchecked Sendable`: every access to the field holds the condition's lock.
final class StopSignal: @unchecked Sendable {
  private let condition = MonotonicCondition()
  private var stopped = false

  /// True once `stop` was called.
  var isSet: Bool { condition.withLock { stopped } }

  /// Ends all current and future waits.
  func stop() {
    condition.withLock {
      stopped = true
      condition.broadcast()
    }
  }

  /// Waits until the time is up or `stop` is called.
  func wait(for duration: Duration) {
    condition.withLock {
      let deadline = ContinuousClock.now + duration
      while !stopped && condition.wait(until: deadline) {}
    }
  }
}
