import Foundation
import TestSupport
import Testing

@testable import Daemon

@Suite struct `A mailbox` {
  @Test func `a mailbox keeps each sender's newest item and returns the replaced one`() {
    var mailbox = Mailbox<String, Int>()
    #expect(mailbox.leave(1, from: "a", deadline: .zero) == [])
    #expect(mailbox.leave(2, from: "a", deadline: .zero) == [1])
    #expect(mailbox.next()?.item == 2)
    #expect(mailbox.isEmpty && mailbox.next() == nil)
  }

  @Test func `a mailbox limits a group's items, and the oldest make room`() {
    var mailbox = Mailbox<Int, Int>()
    func isEven(_ sender: Int) -> Bool { sender % 2 == 0 }
    #expect(mailbox.leave(10, from: 2, deadline: .zero, group: isEven, most: 2) == [])
    #expect(mailbox.leave(11, from: 3, deadline: .zero) == [])
    #expect(mailbox.leave(12, from: 4, deadline: .zero, group: isEven, most: 2) == [])
    #expect(mailbox.leave(13, from: 6, deadline: .zero, group: isEven, most: 2) == [10])
    #expect(mailbox.leave(14, from: 4, deadline: .zero, group: isEven, most: 2) == [12])
    #expect([mailbox.next()?.item, mailbox.next()?.item, mailbox.next()?.item] == [11, 13, 14])
  }

  @Test func `a mailbox serves senders in turn, however often one replaces its item`() {
    var mailbox = Mailbox<String, Int>()
    var served: [String] = []
    for round in 0..<9 {
      for sender in ["busy", "busy", "busy", "slow", "slower"] {
        _ = mailbox.leave(round, from: sender, deadline: .seconds(round))
      }
      if let next = mailbox.next() { served.append(next.sender) }
    }
    #expect(served == ["busy", "slow", "slower", "busy", "slow", "slower", "busy", "slow", "slower"])
  }

  @Test func `the earliest deadline comes first, and whose item is replaced goes earlier`() {
    var mailbox = Mailbox<String, Int>()
    _ = mailbox.leave(1, from: "patient", deadline: .seconds(2))
    _ = mailbox.leave(2, from: "urgent", deadline: .seconds(1))
    #expect(mailbox.next()?.sender == "urgent")
    // Its deadline is always later than the others', but it is served all the same.
    var served: [String] = []
    for round in 0..<6 {
      _ = mailbox.leave(round, from: "urgent", deadline: .seconds(round + 1))
      _ = mailbox.leave(round, from: "patient", deadline: .seconds(round + 2))
      if let next = mailbox.next() { served.append(next.sender) }
    }
    #expect(served.filter { $0 == "patient" }.count == 2)
  }

  @Test(arguments: [2, 3, 4])
  func `under load all senders are slowed equally, in whatever order they come`(served: Int) {
    var mailbox = Mailbox<Int, Int>()
    var counts = [Int](repeating: 0, count: 5)
    for round in 0..<500 {
      // Five items a round, a little after one another, and time for fewer.
      for sender in 0..<5 {
        _ = mailbox.leave(round, from: sender, deadline: .milliseconds(round * 500 + sender * 20))
      }
      for _ in 0..<served { if let next = mailbox.next() { counts[next.sender] += 1 } }
    }
    #expect(counts.allSatisfy { abs($0 - served * 100) <= 5 }, "\(counts)")
  }

  @Test func `who is new under load is served as soon as the others`() {
    var mailbox = Mailbox<Int, Int>()
    var counts = [Int](repeating: 0, count: 4)
    for round in 0..<210 {
      for sender in 0..<(round < 200 ? 3 : 4) {
        _ = mailbox.leave(round, from: sender, deadline: .milliseconds(round * 500 + sender * 20))
      }
      if let next = mailbox.next(), round >= 200 { counts[next.sender] += 1 }
    }
    #expect(counts.allSatisfy { $0 >= 2 }, "\(counts)")
  }

  @Test func `a mailbox returns the items of a sender that is gone, and no others`() {
    var mailbox = Mailbox<Int, String>()
    for sender in 0..<4 { _ = mailbox.leave("\(sender)", from: sender, deadline: .zero) }
    #expect(mailbox.withdraw { $0 % 2 == 0 }.sorted() == ["0", "2"])
    #expect([mailbox.next()?.item, mailbox.next()?.item, mailbox.next()?.item] == ["1", "3", nil])
  }

  @Test func `a mailbox gives nothing of senders that are being worked at`() {
    var mailbox = Mailbox<Int, String>()
    for sender in 1...3 { _ = mailbox.leave("\(sender)", from: sender, deadline: .seconds(sender)) }
    #expect(mailbox.next(except: [1, 3])?.item == "2")
    #expect(mailbox.next(except: [1, 3]) == nil)
    #expect(mailbox.next()?.item == "1")
  }

  @Test func `several workers never have two items of one sender at a time, and nothing is lost`() {
    let exchange = Exchange<Int, Int>()
    let atWork = Mutexed<[Int: Int]>([:])
    let (seen, most) = (Mutexed<[Int]>([]), Mutexed(0))
    let workers = (0..<3).map { _ in
      let ended = DispatchSemaphore(value: 0)
      Thread {
        while let (sender, item) = exchange.next() {
          atWork.change { $0[sender, default: 0] += 1 }
          most.change { $0 = max($0, atWork.value.values.max() ?? 0) }
          Thread.sleep(forTimeInterval: 0.001)
          atWork.change { $0[sender, default: 0] -= 1 }
          seen.change { $0.append(item) }
          exchange.finish(sender)
        }
        ended.signal()
      }.start()
      return ended
    }
    var displaced: [Int] = []
    for item in 0..<600 {
      displaced += exchange.leave(item, from: item % 4, deadline: .milliseconds(item))
      if item % 5 == 0 { Thread.sleep(forTimeInterval: 0.002) }
    }
    exchange.waitUntilDone({ _ in true }, atMost: .seconds(20))
    exchange.close()
    for worker in workers { #expect(worker.wait(timeout: .now() + 10) == .success) }
    #expect(most.value == 1)
    #expect((seen.value + displaced).sorted() == Array(0..<600))
  }

  @Test func `between threads, closing ends the worker's wait, and done means neither waiting nor at work`() {
    let exchange = Exchange<Int, Int>()
    let seen = Mutexed<[Int]>([])
    let ended = DispatchSemaphore(value: 0)
    let worker = Thread {
      while let (sender, item) = exchange.next() {
        Thread.sleep(forTimeInterval: 0.05)
        seen.change { $0.append(item) }
        exchange.finish(sender)
      }
      ended.signal()
    }
    worker.start()
    _ = exchange.leave(7, from: 1, deadline: .zero)
    exchange.waitUntilDone({ $0 == 1 }, atMost: .seconds(10))
    #expect(seen.value == [7])
    exchange.close()
    #expect(ended.wait(timeout: .now() + 10) == .success)
  }
}
