/// Something that was noticed; times are monotonic and may lie before the moment of the fact.
package enum Fact: Equatable, Sendable {
  /// An activity, as long as it goes on.
  package struct Activity: Equatable, Sendable {
    package var id: String
    package var camera: String
    /// `nil` where the whole picture is looked at.
    package var person: Int?
    package var label: String
    /// The same as `label` where the model has families.
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

  /// What keeps a camera that is online from telling what goes on.
  package enum Impairment: Sendable {
    /// People cannot be found.
    case finder
    /// Frames come too seldom for a window.
    case rate
  }

  case started(Activity)
  case ended(id: String, camera: String, offset: Duration)
  case entered(camera: String, person: Int, since: Duration)
  /// `isLeaving` is false for those who are only lost because the camera is.
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

/// What is known of one camera.
struct CameraView: Sendable {
  private(set) var people: Set<Int> = []
  private(set) var activities: [String: Fact.Activity] = [:]
  private var impairments: Set<Fact.Impairment> = []
  private var isOnline = false
  /// Since when there are no pictures; `nil` while there are.
  private(set) var awaySince: Duration?
  /// Since when it can be told what goes on; `nil` while it cannot.
  private(set) var watchingSince: Duration?

  /// A camera that has not been heard of yet.
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
  /// Whether an activity goes by one of these names.
  func name(_ activity: Fact.Activity) -> Bool { contains(activity.label) || contains(activity.family) }
}
