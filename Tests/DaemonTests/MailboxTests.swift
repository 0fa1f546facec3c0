import Foundation
import Testing

@testable import Daemon

@Suite struct `A mailbox` {
  @Test func `keeps the newest of each sender and returns what it replaces`() {
    var mailbox = Mailbox<String, Int>()
    #expect(mailbox.leave(1, from: "a") == [])
    #expect(mailbox.leave(2, from: "a") == [1])
    #expect(mailbox.next()?.item == 2)
    #expect(mailbox.isEmpty && mailbox.next() == nil)
  }

  @Test func `lets no more than the most of a group wait, and the oldest make room`() {
    var mailbox = Mailbox<Int, Int>()
    func isEven(_ sender: Int) -> Bool { sender % 2 == 0 }
    #expect(mailbox.leave(10, from: 2, group: isEven, most: 2) == [])
    #expect(mailbox.leave(11, from: 3) == [])
    #expect(mailbox.leave(12, from: 4, group: isEven, most: 2) == [])
    #expect(mailbox.leave(13, from: 6, group: isEven, most: 2) == [10])
    #expect(mailbox.leave(14, from: 4, group: isEven, most: 2) == [12])
    #expect([mailbox.next()?.item, mailbox.next()?.item, mailbox.next()?.item] == [11, 13, 14])
  }

  @Test func `takes turns, however often one sender replaces its own`() {
    var mailbox = Mailbox<String, Int>()
    var served: [String] = []
    for round in 0..<9 {
      for sender in ["busy", "busy", "busy", "slow", "slower"] { _ = mailbox.leave(round, from: sender) }
      if let next = mailbox.next() { served.append(next.sender) }
    }
    #expect(served == ["busy", "slow", "slower", "busy", "slow", "slower", "busy", "slow", "slower"])
  }

  @Test func `gives back what waits from a sender that is gone, and nothing else`() {
    var mailbox = Mailbox<Int, String>()
    for sender in 0..<4 { _ = mailbox.leave("\(sender)", from: sender) }
    #expect(mailbox.withdraw { $0 % 2 == 0 }.sorted() == ["0", "2"])
    #expect([mailbox.next()?.item, mailbox.next()?.item, mailbox.next()?.item] == ["1", "3", nil])
  }

  @Test func `between threads, closing ends the worker's wait, and done means neither waiting nor at work`() {
    let exchange = Exchange<Int, Int>()
    let seen = Mutexed<[Int]>([])
    let ended = DispatchSemaphore(value: 0)
    let worker = Thread {
      while let (_, item) = exchange.next() {
        Thread.sleep(forTimeInterval: 0.05)
        seen.change { $0.append(item) }
      }
      ended.signal()
    }
    worker.start()
    _ = exchange.leave(7, from: 1)
    exchange.waitUntilDone({ $0 == 1 }, atMost: .seconds(10))
    #expect(seen.value == [7])
    exchange.close()
    #expect(ended.wait(timeout: .now() + 10) == .success)
  }
}
