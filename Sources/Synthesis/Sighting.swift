/// Where a person appears in a picture, and in which posture.
package struct Sighting: Equatable, Sendable {
  /// In fractions of the picture, from its upper left corner.
  package struct Box: Equatable, Sendable {
    package var x: Float = 0
    package var y: Float = 0
    package var width: Float = 0
    package var height: Float = 0
  }

  /// Whether the body stands, sits or lies.
  package enum Posture: String, Sendable {
    case standing, sitting, lying
  }

  /// Around the body without the things it holds; empty if outside the picture or absent.
  package var box = Box()
  /// Whether part of the body is in the picture, not behind a wall and not entirely behind somebody else.
  package var isVisible = false
  /// `nil` if the person is absent.
  package var posture: Posture?
}
