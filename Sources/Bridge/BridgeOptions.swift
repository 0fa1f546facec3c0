/// What is forwarded to the broker, and under which names.
package struct BridgeOptions: Equatable, Sendable {
  /// The daemon's name for its machine.
  package var node: String
  /// The prefix of all topics except those for discovery.
  package var prefix = "adl"
  /// The prefix of Home Assistant's discovery topics; `nil` announces nothing.
  package var discovery: String? = "homeassistant"
  /// Cameras to forward; all if empty.
  package var cameras: [String] = []
  /// Labels that get their own binary sensor.
  package var labels: [String] = []
  /// States the activity sensor may show; any if empty.
  package var activities: [String] = []
  /// Rules that get a sensor before their first alert.
  package var rules: [String] = []
  package var qos = 1

  package init(node: String) { self.node = node }

  func wants(_ camera: String) -> Bool { cameras.isEmpty || cameras.contains(camera) }
}

/// A node's topics at the broker.
struct BrokerTopics: Sendable {
  let base: String

  init(_ options: BridgeOptions) { base = "\(options.prefix)/\(options.node)" }

  /// Whether this bridge is running.
  var availability: String { "\(base)/availability" }
  /// Whether the daemon is running.
  var daemon: String { "\(base)/_daemon/availability" }
  var alertEvents: String { "\(base)/_rules/event" }
  func rule(_ rule: String) -> String { "\(base)/_rules/\(rule)/state" }
  func camera(_ camera: String, _ part: String) -> String { "\(base)/\(camera)/\(part)" }
}
