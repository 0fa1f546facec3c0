/// What is handed on, and under which names.
package struct BridgeOptions: Equatable, Sendable {
  /// The daemon's name for its machine.
  package var node: String
  /// What all topics but those of discovery begin with.
  package var prefix = "adl"
  /// What the topics of Home Assistant's discovery begin with; `nil`: nothing is announced.
  package var discovery: String? = "homeassistant"
  /// Cameras that are handed on; all of them when empty.
  package var cameras: [String] = []
  /// Labels with a binary sensor of their own.
  package var labels: [String] = []
  /// What the activity sensor may show; empty: anything.
  package var activities: [String] = []
  /// Rules that have a sensor before their first alert.
  package var rules: [String] = []
  package var qos = 1

  package init(node: String) { self.node = node }

  func wants(_ camera: String) -> Bool { cameras.isEmpty || cameras.contains(camera) }
}

/// The topics of a node at the broker.
struct BrokerTopics: Sendable {
  let base: String

  init(_ options: BridgeOptions) { base = "\(options.prefix)/\(options.node)" }

  /// Whether this bridge is there.
  var availability: String { "\(base)/availability" }
  /// Whether the daemon is there.
  var daemon: String { "\(base)/_daemon/availability" }
  var alertEvents: String { "\(base)/_rules/event" }
  func rule(_ rule: String) -> String { "\(base)/_rules/\(rule)/state" }
  func camera(_ camera: String, _ part: String) -> String { "\(base)/\(camera)/\(part)" }
}
