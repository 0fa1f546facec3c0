import Foundation
import Logging
import Systemd
import TestSupport
import Testing

@testable import Daemon

@Suite struct `Lifelines` {
  @Test func `a lifeline is overdue once its promise has expired, and never while it rests`() {
    let lifeline = Lifeline("camera kitchen")
    let now = SuspendingClock.now
    #expect(lifeline.overdue(now: now + .seconds(1_000_000)) == nil, "it has not promised anything yet")
    lifeline.promise(within: .seconds(5), now: now)
    #expect(lifeline.overdue(now: now + .seconds(5)) == nil)
    #expect(lifeline.overdue(now: now + .seconds(8)) == .seconds(3))
    lifeline.promise(within: .seconds(5), now: now + .seconds(8))
    #expect(lifeline.overdue(now: now + .seconds(13)) == nil)
    lifeline.rest()
    #expect(lifeline.overdue(now: now + .seconds(1_000_000)) == nil)
  }

  @Test func `work may take many times as long as before, and always some seconds`() {
    var work = WorkLimit()
    #expect(work.limit == .seconds(120), "the machine's speed is not known yet")
    work.add(.milliseconds(900))
    #expect(work.limit == .seconds(20))
    work.add(.seconds(4))
    work.add(.seconds(1))
    #expect(work.limit == .seconds(80))
  }
}

@Suite(.timeLimit(.minutes(1))) struct `The supervisor` {
  private struct Memory: LogHandler {
    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { lines.take("\(event.level): \(event.message)") }
  }

  /// What systemd receives, in order.
  @Test func `the watchdog is fed while everyone makes progress, and not when a worker hangs`() async throws {
    let socket = try NotificationSocket()
    let lifelines = [Lifeline("recognition"), Lifeline("camera kitchen")]
    let lines = Lines()
    let supervisor = Supervisor(
      lifelines, ServiceNotification(["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "40000"], pid: 1),
      Logger(label: "test") { _ in Memory(lines: lines) })
    #expect(supervisor.period == .milliseconds(20))
    let running = Task { await supervisor.run() }
    for _ in 0..<3 { #expect(socket.next() == "WATCHDOG=1") }
    #expect(lines.all.isEmpty)

    lifelines[1].promise(within: .seconds(-1))
    while lines.all.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    socket.drain()
    try await Task.sleep(for: .milliseconds(200))
    #expect(socket.drain() == 0, "the watchdog gets no more signals")
    #expect(
      lines.all == [
        "critical: camera kitchen hangs: it should have reported 1 s ago; systemd will restart the daemon"
      ])

    lifelines[1].rest()
    #expect(socket.next() == "WATCHDOG=1")
    #expect(lines.all.last == "notice: camera kitchen is working again")
    running.cancel()
    await running.value
  }

  @Test func `the watchdog is only fed by the process that systemd watches`() {
    func period(_ environment: [String: String]) -> Duration? {
      ServiceNotification(environment, pid: 7).watchdogPeriod
    }
    #expect(period(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"]) == .seconds(30))
    #expect(period(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
    #expect(period(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"]) == nil)
    for text in ["", "0", "-1", "x"] { #expect(period(["WATCHDOG_USEC": text]) == nil) }
    #expect(period([:]) == nil)
  }
}
