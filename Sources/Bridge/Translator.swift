package import Events
import Basics
import Foundation

/// Translates the daemon's messages into publications: messages and time go in, publications come out.
///
/// It remembers what it last published under each topic. So only changes are published, a broker that comes back gets
/// everything, and topics of things that no longer exist are cleared.
package struct Translator: Sendable {
  /// Heartbeats after which the daemon's camera list is complete; cameras are added as they start.
  private static let heartbeatsUntilComplete = 3
  /// Counters change with every heartbeat and are published less often.
  private static let counterPeriod = Duration.seconds(60)

  package let options: BridgeOptions
  private let topics: BrokerTopics
  private let discovery: Discovery?
  private var cameras: [String: CameraMemory] = [:]
  private var alerts: AlertMemory
  private var isDaemonThere = false
  private var heartbeats = 0
  /// The last payload under each retained topic, including those read back from the broker.
  private var published: [String: String] = [:]

  package init(_ options: BridgeOptions) {
    self.options = options
    topics = BrokerTopics(options)
    discovery = Discovery(options)
    alerts = AlertMemory(rules: options.rules)
  }

  /// What the broker publishes if this program disappears.
  package var will: Publication { Publication(topics.availability, "offline") }

  /// The topics this program subscribes to at the broker.
  package var filters: [String] { discovery.map { [$0.birth, $0.filter] } ?? [] }

  /// Everything the broker is to retain, for a new connection.
  ///
  /// Home Assistant gets an entity's description first, then its state, then its availability.
  package var announcement: [Publication] {
    var all = published.filter { !$0.value.isEmpty }
    all[topics.daemon] = word(isDaemonThere)
    return ordered(all) + [Publication(topics.availability, "online")]
  }

  /// Takes a message from the daemon.
  ///
  /// - Parameters:
  ///   - message: a message from this node.
  ///   - now: on a clock that does not jump.
  /// - Returns: what changed for the broker, and what happened.
  package mutating func take(_ message: EventSubscriber.Message, at now: Duration) -> [Publication] {
    let topic = message.topic
    guard topic.node == options.node else { return [] }
    isDaemonThere = true
    var events: [Publication] = []
    let camera = topic.camera
    let decoder = JSONDecoder()
    do {
      switch topic.kind {
      case nil where topic.isHeartbeat: take(try decoder.decode(Heartbeat.self, from: message.json), at: now)
      case nil: return []
      case .state where camera == Topic.rules: alerts.take(try decoder.decode(AlertsState.self, from: message.json))
      case .event where camera == Topic.rules:
        alerts.take(try decoder.decode(AlertEvent.self, from: message.json))
        events = event(message, at: topics.alertEvents)
      case _ where !options.wants(camera): return []
      case .event:
        events = event(message, at: topics.camera(camera, "event"))
        if let activity = activity(message.json, decoder) { cameras[camera, default: CameraMemory()].take(activity) }
      case .prediction:
        return [
          Publication(topics.camera(camera, "prediction"), String(decoding: message.json, as: UTF8.self), .passing)
        ]
      case .state:
        cameras[camera, default: CameraMemory()].take(try decoder.decode(CameraState.self, from: message.json))
      case .health:
        let health = try decoder.decode(CameraHealth.self, from: message.json)
        cameras[camera, default: CameraMemory()].health = String(decoding: message.json, as: UTF8.self)
        cameras[camera, default: CameraMemory()].counters = health.counters
        cameras[camera, default: CameraMemory()].countersTime = now
      }
    } catch {
      return events  // From a newer daemon, in a format we do not know.
    }
    return settle() + events
  }

  /// Call when nothing was heard from the daemon for too long.
  package mutating func daemonIsSilent() -> [Publication] {
    isDaemonThere = false
    heartbeats = 0
    return settle()
  }

  /// Call when the daemon has restarted: nothing from before is still going on.
  package mutating func daemonRestarted() {
    heartbeats = 0
    for camera in cameras.keys { cameras[camera]?.forgetOpen() }
  }

  /// Takes a message from the broker: Home Assistant's birth message, or a retained announcement.
  package mutating func take(brokerTopic topic: String, payload: String, isRetained: Bool) -> [Publication] {
    guard let discovery else { return [] }
    if topic == discovery.birth { return payload == "online" ? announcement : [] }
    // Without the retain flag it is our own publication coming back.
    guard isRetained, !payload.isEmpty else { return [] }
    published[topic] = payload
    if let rule = discovery.rule(topic), options.rules.isEmpty || options.rules.contains(rule) { alerts.know(rule) }
    if let state = stateTopic(payload), published[state] == nil { published[state] = "" }
    return settle()
  }

  private mutating func take(_ heartbeat: Heartbeat, at now: Duration) {
    isDaemonThere = !heartbeat.isStopping
    guard !heartbeat.isStopping else { return }
    heartbeats += 1
    for (camera, counters) in heartbeat.cameras where options.wants(camera) {
      let last = cameras[camera]?.countersTime
      guard last.map({ now - $0 >= Self.counterPeriod }) ?? true else { continue }
      cameras[camera, default: CameraMemory()].counters = counters
      cameras[camera]?.countersTime = now
    }
    guard isComplete else { return }
    for camera in cameras.keys where heartbeat.cameras[camera] == nil { cameras[camera] = nil }
  }

  private var isComplete: Bool { heartbeats >= Self.heartbeatsUntilComplete }

  /// Publishes whatever the broker lacks of what is known now.
  private mutating func settle() -> [Publication] {
    let wanted = wanted()
    var changes = wanted.filter { published[$0.key] != $0.value }
    if isComplete {
      for topic in published.keys where wanted[topic] == nil && !isUndecided(topic) { changes[topic] = "" }
    }
    for (topic, payload) in changes { published[topic] = payload.isEmpty ? nil : payload }
    return ordered(changes)
  }

  /// Orders announcements first, then states, then availability: an entity must be described before it becomes
  /// available.
  private func ordered(_ payloads: [String: String]) -> [Publication] {
    func rank(_ topic: String) -> Int {
      if topic == topics.daemon { return 2 }
      return options.discovery.map { topic.hasPrefix("\($0)/") } ?? false ? 0 : 1
    }
    return payloads.sorted { (rank($0.key), $0.key) < (rank($1.key), $1.key) }.map { Publication($0.key, $0.value) }
  }

  /// The payload each retained topic should have.
  private func wanted() -> [String: String] {
    var wanted = [topics.daemon: word(isDaemonThere)]
    for rule in alerts.rules { wanted[topics.rule(rule)] = alerts.stateText(rule) }
    for (camera, memory) in cameras {
      wanted[topics.camera(camera, "state")] = memory.stateText
      wanted[topics.camera(camera, "presence")] = memory.presence
      wanted[topics.camera(camera, "health")] = memory.health
      wanted[topics.camera(camera, "counters")] = memory.counters.map { JSONText.of($0) }
      for label in options.labels {
        wanted[topics.camera(camera, "activity/\(topicName(label))")] = memory.activity(label)
      }
    }
    let announced = cameras.filter { $0.value.state != nil }.mapValues { $0.followsPeople ?? false }
    wanted.merge(discovery?.announcements(cameras: announced, rules: alerts.rules) ?? [:]) { $1 }
    return wanted
  }

  /// Whether a topic belongs to a camera too little known to say that it is gone.
  private func isUndecided(_ topic: String) -> Bool {
    cameras.contains { camera, memory in
      // Health is only published when it changes, and never re-sent.
      if memory.health == nil, topic == topics.camera(camera, "health") { return true }
      return (memory.state == nil || memory.followsPeople == nil)
        && (topic.hasPrefix(topics.camera(camera, "")) || discovery?.isAbout(camera, topic) ?? false)
    }
  }

  private func event(_ message: EventSubscriber.Message, at topic: String) -> [Publication] {
    JSONText.event(message.json).map { [Publication(topic, $0, .event)] } ?? []
  }

  /// The event if it is an activity's, and not about somebody entering or leaving.
  private func activity(_ json: Data, _ decoder: JSONDecoder) -> ActivityEvent? {
    do { return try decoder.decode(ActivityEvent.self, from: json) } catch { return nil }
  }

  /// The state topic that an announcement names, if it is one of ours.
  private func stateTopic(_ announcement: String) -> String? {
    struct Announcement: Decodable { var state_topic: String }
    do {
      let topic = try JSONDecoder().decode(Announcement.self, from: Data(announcement.utf8)).state_topic
      return topic.hasPrefix(topics.base + "/") && !topic.contains("+") && !topic.contains("#") ? topic : nil
    } catch {
      return nil
    }
  }

  private func word(_ isThere: Bool) -> String { isThere ? "online" : "offline" }
}
