import Events

/// The raised alerts and the known rules.
struct AlertMemory: Sendable {
  /// A rule's state, with the text of its oldest alert.
  private struct State: Encodable {
    var state: String
    var alerts: Int
    var cameras: [String]?
    var message: String?
    var reason: String?
    var since: String?
    var raised: String?
  }

  private(set) var rules: Set<String>
  private var raised: [AlertEvent] = []

  init(rules: [String]) { self.rules = Set(rules) }

  mutating func know(_ rule: String) { rules.insert(rule) }

  mutating func take(_ state: AlertsState) {
    raised = state.alerts
    rules.formUnion(raised.map(\.rule))
  }

  mutating func take(_ alert: AlertEvent) {
    rules.insert(alert.rule)
    if alert.type == .cleared {
      raised.removeAll { $0.id == alert.id }
    } else if !raised.contains(where: { $0.id == alert.id }) {
      raised.append(alert)
    }
  }

  func stateText(_ rule: String) -> String {
    let own = raised.filter { $0.rule == rule }
    return JSONText.of(
      State(
        state: own.isEmpty ? "OFF" : "ON", alerts: own.count, cameras: own.first?.cameras,
        message: own.first?.message, reason: own.first?.reason, since: own.first?.since.time,
        raised: own.first?.raised.time))
  }
}
