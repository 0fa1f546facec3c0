import Basics
import Foundation
import Synchronization
import Testing

@Suite struct `Waits on the monotonic clock` {
  @Test func `a wait ends with a signal, even one sent before it began`() async {
    let semaphore = MonotonicSemaphore()
    semaphore.signal()
    #expect(semaphore.wait(atMost: .seconds(60)))
    Thread { semaphore.signal() }.start()
    #expect(semaphore.wait(atMost: .seconds(60)))
  }

  @Test func `waiting on a condition ends when the time is up, and not before`() {
    let semaphore = MonotonicSemaphore()
    for time in [Duration.seconds(-1), .zero, .milliseconds(30), .milliseconds(1100)] {
      let began = ContinuousClock.now
      #expect(!semaphore.wait(atMost: time))
      #expect(ContinuousClock.now - began >= time)
    }
  }

  @Test func `waiting on a condition releases its lock`() {
    let condition = MonotonicCondition()
    let isDone = Atomic(false)
    condition.withLock {
      let thread = Thread {
        condition.withLock {
          isDone.store(true, ordering: .relaxed)
          condition.broadcast()
        }
      }
      thread.start()
      while !isDone.load(ordering: .relaxed) { condition.wait() }
    }
    let isSeen = isDone.load(ordering: .relaxed)
    #expect(isSeen)
  }

  /// A clock cannot be set for one test, so this searches for calls whose waits end at a wall-clock time.
  @Test func `no other waits with a timeout exist in the sources`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources").standardized
    let files = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
    var looked = 0
    for case let file as URL in files where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      for call in [#/\.wait\(timeout: /#, #/\.wait\(until: Date/#, #/Date\(timeIntervalSinceNow:/#, #/wallDeadline:/#] {
        #expect(
          text.firstMatch(of: call) == nil, "\(file.lastPathComponent): a wait that a clock set back makes longer")
      }
      looked += 1
    }
    #expect(looked > 100)
  }
}
