import Events
import Foundation
import Settings

/// The source of the daemon's messages.
struct EventSource: Sendable {
  let settings: EventSourceSettings
  private let keys: ClientIdentity?

  /// - Throws: `EventError` that names the setting to change.
  init(_ settings: EventSourceSettings) throws(EventError) {
    self.settings = settings
    keys = try settings.keys.map { (keys) throws(EventError) in
      try ClientIdentity(serverKey: keys.serverKey, key: keys.key, settings: ("adl.serverKey", "adl.key"))
    }
    // Detect invalid addresses now, not in the middle of the night.
    for (setting, endpoint) in [
      ("adl.endpoint", settings.endpoint), ("adl.query", settings.query),
      ("adl.predictions.endpoint", settings.predictions),
    ] {
      guard let endpoint else { continue }
      do throws(EventError) {
        _ = try EventSubscriber(endpoint: endpoint, keys: keys)
      } catch .cannotConnect(_, let reason) {
        throw .badEndpoint(setting: setting, endpoint: endpoint, reason: reason)
      }
    }
  }

  func subscribe() throws(EventError) -> EventSubscriber {
    try EventSubscriber(
      endpoint: settings.endpoint, predictions: settings.predictions, heartbeat: .seconds(settings.heartbeat),
      keys: keys)
  }

  /// The latest states of all cameras.
  ///
  /// - Throws: `EventError.unanswered` if the daemon is not running.
  func snapshot() throws(EventError) -> [EventSubscriber.Message] {
    let answer = try EventQuery.ask(
      #"{"query":"snapshot"}"#, at: settings.query, timeout: .seconds(2), keys: keys)
    do {
      guard let object = try JSONSerialization.jsonObject(with: answer) as? [String: Any],
        let entries = object["messages"] as? [[String: Any]]
      else { return [] }
      return try entries.compactMap { entry in
        guard let topic = (entry["topic"] as? String).flatMap({ Topic(parsing: $0) }), let body = entry["message"]
        else {
          return nil
        }
        return EventSubscriber.Message(topic: topic, json: try JSONSerialization.data(withJSONObject: body))
      }
    } catch {
      return []  // Not an answer from the daemon; it will publish the same states later.
    }
  }
}
