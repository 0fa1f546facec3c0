package import Video

/// Finds the people in a picture.
///
/// A class, because it owns a network or remembers earlier pictures; it belongs to one thread at a time.
package protocol PersonFinder: AnyObject {
  /// Searches a picture for people.
  ///
  /// - Parameter picture: `rgb24`, 1x1 to 8192x8192 pixels.
  /// - Returns: at most 100 boxes within the picture, best first.
  /// - Throws: `DetectionError.badPicture` for any other picture, `.failed` with OpenCV's reason.
  func find(in picture: Frame) throws(DetectionError) -> [ScoredBox]
}

/// Limits that every finder keeps.
enum FinderLimits {
  static let boxes = 100
  static let side = 8192
}

extension Frame {
  /// Checks that finders accept the frame.
  func checkForFinding() throws(DetectionError) {
    guard format == .rgb24 else { throw .badPicture(reason: "its format is \(format.rawValue) instead of rgb24") }
    guard (1...FinderLimits.side).contains(size.width), (1...FinderLimits.side).contains(size.height) else {
      throw .badPicture(reason: "its size is \(size); sides of 1 to \(FinderLimits.side) are possible")
    }
    do throws(VideoError) { try validatePlanes() } catch { throw .badPicture(reason: error.description) }
  }
}
