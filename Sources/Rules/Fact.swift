/// An observation; times are monotonic and may lie before the moment of the fact.
package enum Fact: Equatable, Sendable {
  /// An ongoing activity.
  package struct Activity: Equatable, Sendable {
    package var id: String
    package var camera: String
    /// `nil` if the whole picture is analysed.
    package var person: Int?
    package var label: String
    /// Same as `label` if the model has families.
    package var family: String
    package var onset: Duration

    package init(id: String, camera: String, person: Int?, label: String, family: String, onset: Duration) {
      self.id = id
      self.camera = camera
      self.person = person
      self.label = label
      self.family = family
      self.onset = onset
    }
  }

  /// What keeps an online camera from reporting what is going on.
  package enum Impairment: Sendable {
    /// People cannot be found.
    case finder
    /// Frames arrive too rarely to fill a window.
    case rate
  }

  case started(Activity)
  case ended(id: String, camera: String, offset: Duration)
  case entered(camera: String, person: Int, since: Duration)
  /// `isLeaving` is false for people who were only lost because the camera was.
  case left(camera: String, person: Int, until: Duration, isLeaving: Bool)
  case condition(camera: String, isOnline: Bool)
  case impaired(camera: String, Impairment, Bool)

  var camera: String {
    switch self {
    case .started(let activity): activity.camera
    case .ended(_, let camera, _), .entered(let camera, _, _), .left(let camera, _, _, _), .condition(let camera, _),
      .impaired(let camera, _, _):
      camera
    }
  }
}

/// What is known about one camera.
struct CameraView: Sendable {
  private(set) var people: Set<Int> = []
  private(set) var activities: [String: Fact.Activity] = [:]
  private var impairments: Set<Fact.Impairment> = []
  private var isOnline = false
  /// Since when there have been no pictures; `nil` while there are.
  private(set) var awaySince: Duration?
  /// Since when the camera has been able to report; `nil` while it cannot.
  private(set) var watchingSince: Duration?

  /// A camera not heard from yet.
  init(at start: Duration) { awaySince = start }

  mutating func take(_ fact: Fact, at now: Duration) {
    switch fact {
    case .started(let activity): activities[activity.id] = activity
    case .ended(let id, _, _): activities[id] = nil
    case .entered(_, let person, _): people.insert(person)
    case .left(_, let person, _, _): people.remove(person)
    case .condition(_, let isOnline):
      self.isOnline = isOnline
      awaySince = isOnline ? nil : awaySince ?? now
    case .impaired(_, let impairment, let isSo):
      if isSo { impairments.insert(impairment) } else { impairments.remove(impairment) }
    }
    let isWatching = isOnline && impairments.isEmpty
    watchingSince = isWatching ? watchingSince ?? now : nil
  }
}

extension [String] {
  /// Whether one of these names is the activity's label or family.
  func name(_ activity: Fact.Activity) -> Bool { contains(activity.label) || contains(activity.family) }
}
