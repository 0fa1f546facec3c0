/// One thing that people want to be told of.
package struct Rule: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    /// One of `activities` goes on for `duration`.
    case activity
    /// One of `activities` began, and none of `followers` began within `duration`.
    case notFollowed
    /// None of `activities` went on for `duration`, or during a whole window.
    case noActivity
    /// Somebody is there for `duration`.
    case present
    /// Nobody was there for `duration`, or during a whole window.
    case absent
    /// A camera gives no pictures for `duration`.
    case cameraAway
  }

  package var name: String
  package var kind: Kind
  /// At least one.
  ///
  /// Absence is of all of them together; everything else is of each by itself.
  package var cameras: [String]
  /// Labels or families.
  package var activities: [String] = []
  package var followers: [String] = []
  /// `nil`: always.
  package var schedule: Schedule?
  /// `nil`, for absence only: the whole window, which `schedule` then has.
  package var duration: Duration?
  /// Shorter interruptions of an activity, or of somebody's presence, do not count.
  package var gap = Duration.seconds(15)
  /// Most time within the period during which nobody watched; `nil` for a tenth, for `notFollowed` for no limit.
  package var unwatched: Duration?
  /// Whoever leaves the picture has done what `notFollowed` waits for.
  package var leavingEnds = false
  package var message: String?
  /// Time between reminders of an alert that lasts.
  package var repeatEvery: Duration?
  /// Time after which an alert is cleared though its cause lasts.
  package var clearAfter: Duration?

  package init(name: String, kind: Kind, cameras: [String]) {
    precondition(!cameras.isEmpty)
    self.name = name
    self.kind = kind
    self.cameras = cameras
  }

  var isAbsence: Bool { kind == .noActivity || kind == .absent }
}
