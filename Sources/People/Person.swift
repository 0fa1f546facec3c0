package import Video

/// Somebody in the picture.
package struct Person: Equatable, Sendable {
  /// Counts the people of one tracker from 1; never given twice.
  package let id: Int
  /// When the person was first found.
  package let since: Duration
  /// When a box last belonged to the person.
  package internal(set) var lastSeen: Duration
  /// Where the person probably is; smoothed, and guessed ahead while no boxes come.
  ///
  /// It may reach beyond the picture, as the person may.
  package internal(set) var box: PictureBox
  /// How sure the finder has been lately, 0 to 1.
  package internal(set) var score: Float
}

/// What a tracker noticed.
package enum PersonChange: Equatable, Sendable {
  /// The person is surely there; `since` says from when on.
  case entered(Person)
  /// The person is gone, and was last seen at `at`.
  case left(Person, at: Duration)
}
