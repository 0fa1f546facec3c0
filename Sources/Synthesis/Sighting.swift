/// Where somebody is in a picture, and how.
package struct Sighting: Equatable, Sendable {
  /// In fractions of the picture, from its upper left corner.
  package struct Box: Equatable, Sendable {
    package var x: Float = 0
    package var y: Float = 0
    package var width: Float = 0
    package var height: Float = 0
  }

  package enum Posture: String, Sendable {
    case standing, sitting, lying
  }

  /// Around the body without what it holds; empty when it is beside the picture or nowhere.
  package var box = Box()
  /// Whether some of the body is in the picture, neither behind a wall nor wholly behind somebody else.
  package var isVisible = false
  /// `nil` for who is not there.
  package var posture: Posture?
}
