import Foundation
import History

@testable import Events

/// A few messages of a daemon, in memory and in a file.
struct Past: Sendable {
  static let start = Date(timeIntervalSince1970: 1_790_838_000)
  static let model = ModelIdentity(name: "people", sha256: "00ff", classes: 2)
  let memory: RecentMessages
  let file: HistoryReader

  init() {
    do {
      let folder = NSTemporaryDirectory() + "adl-fuzz-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      // SQLite keeps opened files open.
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let store = try EventStore(EventStore.Options(path: folder + "/history.sqlite"))
      var memory = RecentMessages()
      var messages: [PublishedMessage] = []
      for second in 0..<6 { messages.append(try Self.message(second)) }
      for message in messages { memory.append(message, keeping: 4) }
      self.memory = memory
      let kept = DispatchSemaphore(value: 0)
      store.keep(messages) { kept.signal() }
      kept.wait()
      store.close()
      file = try HistoryReader(path: folder + "/history.sqlite")
      _ = try file.page(HistoryRequest())
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// Drinking alternately starts and ends.
  private static func message(_ second: Int) throws -> PublishedMessage {
    let instant = Instant(
      time: EventClock.text(start.addingTimeInterval(Double(second))), monotonic: Int64(720 + second) * 1_000_000_000)
    var envelope = Envelope()
    (envelope.epoch, envelope.seq, envelope.node, envelope.bootID) = ("e", UInt64(second + 1), "flat12", "boot")
    (envelope.time, envelope.monotonic) = (instant.time, instant.monotonic)
    var event = ActivityEvent(
      second % 2 == 0 ? .start : .end, id: "A\(second / 2)", camera: "kitchen",
      activity: ActivityEvent.Label(label: "Drink", index: 0), confidence: 0.9, peak: 0.9,
      threshold: ActivityEvent.Thresholds(on: 0.6, off: 0.4), top: [], onset: instant, model: model)
    if second % 2 == 1 { event.offset = instant }
    return PublishedMessage(
      topic: Topic(node: "flat12", camera: "kitchen", .event), envelope: envelope,
      json: Enveloped(envelope, event).json())
  }
}
