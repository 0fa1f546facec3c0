import Testing

@testable import Bridge

@Suite struct `Publications waiting for the broker` {
  private var outbox = Outbox(most: 3)

  private func event(_ name: String) -> Publication { Publication(name, "{}", .event) }

  /// Sends everything that may be sent, and acknowledges it.
  private mutating func drain() -> [String] {
    var topics: [String] = []
    var number: Int32 = 0
    while let next = outbox.next() {
      number += 1
      topics.append(next.topic)
      outbox.sent(next, as: number)
      outbox.confirm(number)
    }
    return topics
  }

  @Test mutating func `events wait in order while the broker is away, and the oldest are dropped and counted`() {
    outbox.put(["a", "b", "c", "d", "e"].map(event))
    #expect(outbox.next() == nil && outbox.waitingEvents == 3)
    outbox.connect([])
    #expect(drain() == ["c", "d", "e"])
    #expect(outbox.takeDropped() == 2 && outbox.takeDropped() == 0 && outbox.isEmpty)
  }

  @Test mutating func `a connection starts with the announcement, and old states are not queued for it`() {
    outbox.put([Publication("state", "old"), event("a"), Publication("score", "1", .passing)])
    outbox.connect([Publication("state", "new")])
    #expect(outbox.next() == Publication("state", "new"))
    #expect(drain() == ["a"])
  }

  @Test mutating func `a state replaces an earlier one that is not sent yet`() {
    outbox.connect([])
    outbox.put([Publication("x", "1"), Publication("y", "1"), Publication("x", "2")])
    #expect(outbox.next() == Publication("x", "2"))
    #expect(outbox.next() == Publication("y", "1"))
    #expect(outbox.next() == nil)
  }

  @Test mutating func `events that the broker never acknowledged are sent again`() {
    outbox.connect([Publication("state", "1")])
    outbox.put([event("a"), event("b")])
    var number: Int32 = 0
    while let next = outbox.next() {
      number += 1
      outbox.sent(next, as: number)
    }
    #expect(number == 3)
    outbox.confirm(2)
    outbox.disconnect()
    outbox.put([event("c")])
    outbox.connect([])
    #expect(drain() == ["b", "c"])
  }

  @Test mutating func `sending pauses when a slow broker has too much to acknowledge`() {
    outbox.connect((0..<100).map { Publication("\($0)", "x") })
    var number: Int32 = 0
    while let next = outbox.next() {
      number += 1
      outbox.sent(next, as: number)
    }
    #expect(number == 16)
    outbox.put((0..<100).map { Publication("p", "\($0)", .passing) })
    outbox.confirm(1)
    #expect(outbox.next() == Publication("16", "x"))
    outbox.sent(Publication("16", "x"), as: 17)
    #expect(outbox.next() == nil)
  }
}

@Suite struct `A broker that cannot be used` {
  @Test(arguments: [
    (
      BrokerFailure.refused(code: 4),
      "the broker refused the user name or password; change broker.username and broker.password"
    ),
    (
      .unreachable(host: "hub", port: 1883, reason: "Connection refused"),
      "cannot reach the broker at hub port 1883: Connection refused; is it running, and are broker.host and broker.port right?"
    ),
    (
      .unanswered(usesTLS: false),
      "the broker ended the connection before it answered; if it wants TLS, set broker.tls.enabled"
    ),
  ])
  func `a broker failure names the setting to change`(failure: BrokerFailure, text: String) {
    #expect(failure.description == text)
  }

  @Test func `an unusable broker is tried less and less often, down to every half minute`() {
    var backOff = BackOff()
    #expect((0..<8).map { _ in backOff.next() / .seconds(1) } == [0.5, 1, 2, 4, 8, 16, 30, 30])
    backOff.reset()
    #expect(backOff.next() == .milliseconds(500))
  }
}
