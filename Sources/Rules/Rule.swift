/// Something that people want to be alerted to.
package struct Rule: Equatable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    /// One of `activities` has been going on for `duration`.
    case activity
    /// One of `activities` started, and none of `followers` started within `duration`.
    case notFollowed
    /// None of `activities` happened for `duration`, or during a whole window.
    case noActivity
    /// Somebody has been there for `duration`.
    case present
    /// Nobody was there for `duration`, or during a whole window.
    case absent
    /// A camera has delivered no pictures for `duration`.
    case cameraAway
  }

  package var name: String
  package var kind: Kind
  /// At least one camera.
  ///
  /// Absence applies to all cameras together; everything else to each one separately.
  package var cameras: [String]
  /// Labels or families.
  package var activities: [String] = []
  package var followers: [String] = []
  /// `nil` means always.
  package var schedule: Schedule?
  /// `nil`, for absence only, means the whole window defined by `schedule`.
  package var duration: Duration?
  /// Shorter interruptions of an activity, or of somebody's presence, are ignored.
  package var gap = Duration.seconds(15)
  /// Maximum unwatched time within the period; by default a tenth, or no limit for `notFollowed`.
  package var unwatched: Duration?
  /// Whether leaving the picture counts as the follow-up that `notFollowed` waits for.
  package var leavingEnds = false
  package var message: String?
  /// Time between reminders while an alert lasts.
  package var repeatEvery: Duration?
  /// Time after which an alert is cleared even if its cause lasts.
  package var clearAfter: Duration?

  package init(name: String, kind: Kind, cameras: [String]) {
    precondition(!cameras.isEmpty)
    self.name = name
    self.kind = kind
    self.cameras = cameras
  }

  var isAbsence: Bool { kind == .noActivity || kind == .absent }
}
