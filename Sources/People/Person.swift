package import Video

/// A person in the picture.
package struct Person: Equatable, Sendable {
  /// Counts a tracker's people from 1; never reused.
  package let id: Int
  /// When the person was first found.
  package let since: Duration
  /// When a box was last assigned to the person.
  package internal(set) var lastSeen: Duration
  /// Where the person probably is; smoothed, and extrapolated while there are no boxes.
  ///
  /// It may extend beyond the picture, as the person may.
  package internal(set) var box: PictureBox
  /// The finder's recent confidence, 0 to 1.
  package internal(set) var score: Float
}

/// A change noticed by a tracker.
package enum PersonChange: Equatable, Sendable {
  /// The person is confirmed; `since` says since when.
  case entered(Person)
  /// The person is gone, and was last seen at `at`.
  case left(Person, at: Duration)
}
