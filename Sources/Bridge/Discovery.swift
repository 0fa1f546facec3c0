import Basics
import Events

/// Announcements for Home Assistant: one device per camera, and one for the node with its rules.
struct Discovery: Sendable {
  /// Values of `state` that are not activities.
  private static let words = ["empty", "idle", "no_signal", "unknown", "warming_up"]
  /// Seconds without an update after which counters become unknown; they are sent once a minute.
  private static let expiry = 300

  private let options: BridgeOptions
  private let topics: BrokerTopics
  private let prefix: String

  /// - Returns: `nil` if nothing is to be announced.
  init?(_ options: BridgeOptions) {
    guard let prefix = options.discovery else { return nil }
    self.options = options
    self.prefix = prefix
    topics = BrokerTopics(options)
  }

  /// Topic filter that matches our own announcements, to read them back.
  var filter: String { "\(prefix)/+/\(nodeID)/+/config" }
  /// The topic on which Home Assistant announces itself.
  var birth: String { "\(prefix)/status" }

  private var nodeID: String { "adl_\(options.node)" }

  private func topic(_ component: String, _ object: String) -> String {
    "\(prefix)/\(component)/\(nodeID)/\(object)/config"
  }

  /// Whether an announcement is about this camera.
  func isAbout(_ camera: String, _ topic: String) -> Bool {
    topic.hasPrefix("\(prefix)/") && topic.contains("/\(nodeID)/\(camera)_")
  }

  /// The rule that an announced sensor belongs to.
  func rule(_ topic: String) -> String? {
    let head = "\(prefix)/binary_sensor/\(nodeID)/_rules_"
    guard topic.hasPrefix(head), topic.hasSuffix("/config") else { return nil }
    return String(topic.dropFirst(head.count).dropLast("/config".count))
  }

  /// All announcements by topic.
  ///
  /// - Parameters:
  ///   - cameras: the known cameras, and whether people are tracked on each.
  ///   - rules: rule names.
  /// - Returns: payloads by topic.
  func announcements(cameras: [String: Bool], rules: Set<String>) -> [String: String] {
    var all = node(rules)
    for (camera, followsPeople) in cameras { all.merge(of(camera, followsPeople)) { $1 } }
    return all
  }

  private func node(_ rules: Set<String>) -> [String: String] {
    let device = EntityConfiguration.Device(
      identifiers: [nodeID], name: "adl \(options.node)", model: "adld", viaDevice: nil)
    func entity(_ key: String, _ name: String, _ topic: String) -> EntityConfiguration {
      EntityConfiguration(
        name: name, uniqueId: "adl.\(options.node).\(key)", stateTopic: topic, availability: availability,
        device: device, qos: options.qos)
    }
    var daemon = entity("_daemon.connection", "Daemon", topics.daemon)
    daemon.availability.removeLast()
    (daemon.payloadOn, daemon.payloadOff) = ("online", "offline")
    daemon.deviceClass = "connectivity"
    daemon.entityCategory = "diagnostic"
    var alerts = entity("_rules.event", "Alerts", topics.alertEvents)
    alerts.eventTypes = AlertEvent.Kind.allCases.map(\.rawValue)
    alerts.icon = "mdi:bell-alert"
    var all = [
      topic("binary_sensor", "_daemon_connection"): text(daemon), topic("event", "_rules_event"): text(alerts),
    ]
    for rule in rules {
      var sensor = entity("_rules.\(rule)", "Rule \(rule)", topics.rule(rule))
      sensor.deviceClass = "problem"
      sensor.valueTemplate = "{{ value_json.state }}"
      sensor.jsonAttributesTopic = sensor.stateTopic
      all[topic("binary_sensor", "_rules_\(rule)")] = text(sensor)
    }
    return all
  }

  private func of(_ camera: String, _ followsPeople: Bool) -> [String: String] {
    let device = EntityConfiguration.Device(
      identifiers: ["\(nodeID).\(camera)"], name: "adl \(camera)", model: "Camera of adld", viaDevice: nodeID)
    var all: [String: String] = [:]
    func add(
      _ component: String, _ key: String, _ name: String, _ part: String,
      _ change: (inout EntityConfiguration) -> Void
    ) {
      var entity = EntityConfiguration(
        name: name, uniqueId: "adl.\(options.node).\(camera).\(key)", stateTopic: topics.camera(camera, part),
        availability: availability, device: device, qos: options.qos)
      change(&entity)
      all[topic(component, "\(camera)_\(key)")] = text(entity)
    }
    add("sensor", "activity", "Activity", "state") {
      $0.valueTemplate = "{{ value_json.activity | default(value_json.state) }}"
      $0.jsonAttributesTopic = $0.stateTopic
      $0.icon = "mdi:motion-sensor"
      guard !options.activities.isEmpty else { return }
      $0.deviceClass = "enum"
      $0.options = (Self.words + options.activities).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
    if followsPeople {
      add("binary_sensor", "presence", "Presence", "presence") { $0.deviceClass = "occupancy" }
      add("sensor", "people", "People", "state") {
        $0.valueTemplate = "{{ value_json.people | default(none) }}"
        $0.stateClass = "measurement"
        $0.icon = "mdi:account-multiple"
      }
    }
    for label in options.labels {
      let slug = topicName(label)
      add("binary_sensor", "activity_\(slug)", label, "activity/\(slug)") { $0.icon = "mdi:motion-sensor" }
    }
    add("event", "event", "Events", "event") {
      $0.eventTypes =
        ActivityEvent.Kind.allCases.map(\.rawValue) + (followsPeople ? PersonEvent.Kind.allCases.map(\.rawValue) : [])
    }
    add("sensor", "condition", "Condition", "state") {
      $0.valueTemplate = "{{ value_json.condition }}"
      $0.entityCategory = "diagnostic"
    }
    add("sensor", "health", "Health", "health") {
      $0.valueTemplate = "{{ value_json.type }}"
      $0.jsonAttributesTopic = $0.stateTopic
      $0.entityCategory = "diagnostic"
    }
    for (key, name) in [("frames", "Frames"), ("skipped_hops", "Skipped hops")] {
      add("sensor", key, name, "counters") {
        $0.valueTemplate = "{{ value_json.\(key) }}"
        $0.stateClass = "total_increasing"
        $0.entityCategory = "diagnostic"
        $0.expireAfter = Self.expiry
      }
    }
    return all
  }

  private var availability: [EntityConfiguration.Availability] {
    [.init(topic: topics.availability), .init(topic: topics.daemon)]
  }

  private func text(_ entity: EntityConfiguration) -> String { JSONText.of(entity, inSnakeCase: true) }
}
