/// A person in a message.
package struct PersonReference: Codable, Equatable, Sendable {
  /// In fractions of the camera's whole picture, from its upper left corner, with four decimals.
  package struct Box: Codable, Equatable, Sendable {
    package var x: Double
    package var y: Double
    package var width: Double
    package var height: Double

    package init(x: Double, y: Double, width: Double, height: Double) {
      func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
      self.x = rounded(x)
      self.y = rounded(y)
      self.width = rounded(width)
      self.height = rounded(height)
    }
  }

  /// Counts a camera's people from 1 since the daemon started; `epoch` distinguishes starts.
  package var id: Int
  package var box: Box
  /// When they were first seen.
  package var since: Instant

  package init(id: Int, box: Box, since: Instant) {
    self.id = id
    self.box = box
    self.since = since
  }
}

/// Kind `event`: somebody entered or left.
package struct PersonEvent: Codable, Equatable, Sendable {
  /// The values of `type`.
  package enum Kind: String, Codable, Sendable, CaseIterable {
    case entered = "person.entered"
    case left = "person.left"
  }

  package var type: Kind
  package var camera: String
  package var person: PersonReference
  /// When they were last seen; set when they left.
  package var until: Instant?
  /// Seconds from first to last seen; set when they left.
  package var duration: Double?
  /// `left`, `camera_lost`, `source_ended`, `shutdown`, `config_change` or `daemon_restart`; set when they left.
  package var reason: String?
  /// The epoch in which they entered and were numbered; set with `daemon_restart`.
  package var startEpoch: String?

  package init(_ type: Kind, camera: String, person: PersonReference) {
    self.type = type
    self.camera = camera
    self.person = person
  }

  private enum CodingKeys: String, CodingKey {
    case type, camera, person, until
    case duration = "duration_s"
    case reason
    case startEpoch = "start_epoch"
  }
}

extension CameraState {
  /// What one person is doing.
  package struct PersonState: Codable, Equatable, Sendable {
    package var person: PersonReference
    /// `activity`, or `idle`, `unknown`, `warming_up`, which are not activities.
    package var state: String
    package var activity: ActivityEvent.Label?
    /// The `id` in the open activity's events.
    package var activityID: String?
    package var since: Instant

    package init(
      person: PersonReference, state: String, activity: ActivityEvent.Label?, activityID: String?, since: Instant
    ) {
      self.person = person
      self.state = state
      self.activity = activity
      self.activityID = activityID
      self.since = since
    }

    private enum CodingKeys: String, CodingKey {
      case person, state, activity
      case activityID = "activity_id"
      case since
    }
  }
}
