import Foundation

/// Recognises our messages, and detects by their numbers what is missing between them; pure.
struct MessageReader {
  /// The last number on a topic within an epoch.
  private struct Position {
    var epoch: String
    var seq: UInt64
  }

  private var positions: [Topic: Position] = [:]
  private var epoch: String?

  /// The message, preceded by any gap found before it.
  ///
  /// - Parameter parts: the message's parts as received.
  /// - Returns: nothing for a repeated message; `nil` if it is not one of our messages.
  mutating func arrivals(_ parts: [[UInt8]]) -> [EventSubscriber.Arrival]? {
    guard parts.count == 2, let topic = Topic(parsing: String(decoding: parts[0], as: UTF8.self)) else { return nil }
    let json = Data(parts[1])
    let envelope: Envelope
    do {
      envelope = try JSONDecoder().decode(Envelope.self, from: json)
    } catch {
      return nil  // Whatever the topic claims.
    }
    var arrivals: [EventSubscriber.Arrival] = []
    if let epoch, epoch != envelope.epoch { arrivals.append(.restarted) }
    epoch = envelope.epoch
    if let position = positions[topic], position.epoch == envelope.epoch {
      guard envelope.seq > position.seq else { return arrivals }
      let missing = envelope.seq - position.seq - 1
      if missing > 0 { arrivals.append(.gap(topic: topic, missing: missing)) }
    }
    positions[topic] = Position(epoch: envelope.epoch, seq: envelope.seq)
    if topic.isHeartbeat { arrivals += gaps(heartbeat: json, envelope.epoch) }
    return arrivals + [.message(EventSubscriber.Message(topic: topic, json: json))]
  }

  /// Lost messages at the end of a topic, which no later message would reveal.
  private mutating func gaps(heartbeat: Data, _ epoch: String) -> [EventSubscriber.Arrival] {
    let topics: [String: UInt64]
    do { topics = try JSONDecoder().decode(Heartbeat.self, from: heartbeat).topics } catch { return [] }
    var gaps: [EventSubscriber.Arrival] = []
    for (topic, position) in positions where position.epoch == epoch && !topic.isHeartbeat {
      guard let sent = topics[topic.description], sent > position.seq, topic.kind != .prediction else { continue }
      gaps.append(.gap(topic: topic, missing: sent - position.seq))
      positions[topic] = Position(epoch: epoch, seq: sent)
    }
    return gaps
  }
}
