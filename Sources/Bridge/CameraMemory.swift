import Events

/// What is known about a camera, and the states derived from it.
struct CameraMemory: Sendable {
  /// A flat camera state, for automations that read JSON.
  private struct State: Encodable {
    var state: String
    var activity: String?
    var member: String?
    var confidence: Double?
    var people: Int?
    var condition: String
    var since: String
  }

  private(set) var state: CameraState?
  /// Whether people are tracked; `nil` while unknown.
  private(set) var followsPeople: Bool?
  /// Mean probability of each open activity, by event `id`.
  private var confidence: [String: Float] = [:]
  private var ended: Set<String> = []
  /// The last health message as published.
  var health: String?
  var counters: CameraHealth.Counters?
  /// When the counters were last published.
  var countersTime: Duration?

  mutating func take(_ state: CameraState) {
    self.state = state
    for id in ended { confidence[id] = nil }
    ended = []
    if state.people != nil {
      followsPeople = true
    } else if state.condition == "online" {
      followsPeople = false
    }
  }

  mutating func take(_ event: ActivityEvent) {
    confidence[event.id] = event.confidence
    // Removed once a state no longer names it.
    if event.type == .end { ended.insert(event.id) }
  }

  /// Forgets activities that an earlier run of the daemon started.
  mutating func forgetOpen() { (confidence, ended) = ([:], []) }

  /// Number of people present; `nil` while nobody watches or if people are not tracked.
  private var people: Int? {
    guard let state, state.condition == "online", followsPeople == true else { return nil }
    return state.people?.count ?? 0
  }

  /// The state as JSON; `nil` before there is one.
  var stateText: String? {
    guard let state else { return nil }
    return JSONText.of(
      State(
        state: state.state, activity: state.activity?.label, member: state.activity?.member,
        confidence: state.activityID.flatMap { confidence[$0] }.map { (Double($0) * 1000).rounded() / 1000 },
        people: people, condition: state.condition, since: state.since.time))
  }

  /// `ON`, `OFF`, or `None` while the camera is not watched; `nil` if people are not tracked.
  var presence: String? {
    guard followsPeople == true else { return nil }
    return people.map { $0 > 0 ? "ON" : "OFF" } ?? "None"
  }

  /// Whether anybody does this activity; `None` while the camera is not watched.
  func activity(_ label: String) -> String? {
    guard let state else { return nil }
    guard state.condition == "online" else { return "None" }
    let activities = [state.activity] + (state.people ?? []).map(\.activity)
    return activities.contains { $0?.label == label || $0?.member == label } ? "ON" : "OFF"
  }
}
