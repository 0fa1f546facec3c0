package import Video

/// Asks another finder only about pictures that differ from the last one it saw.
///
/// A still room looks the same three times per second, and a detector would find the same people every time. Pictures
/// are the same if no block of 16x16 pixels has changed its mean by more than camera noise does. Even then the other
/// finder is asked every few seconds, so that very slow changes are noticed.
package final class SteadyFinder: PersonFinder {
  private static let block = 16
  /// How far a block's mean may differ, of 256 levels: noise of 10 levels per pixel moves it by less than one.
  private static let sameLevel = 3

  private let finder: any PersonFinder
  private let mostRepeats: Int
  private var means: [Int] = []
  private var size = FrameSize(width: 0, height: 0)
  private var repeats = 0
  private var answer: [ScoredBox] = []

  /// Creates a finder for one camera.
  ///
  /// - Parameters:
  ///   - finder: the finder to ask; several cameras may share it on one thread.
  ///   - picturesPerSecond: how often `find` is called.
  package init(_ finder: any PersonFinder, picturesPerSecond: Double) {
    self.finder = finder
    mostRepeats = max(0, Int(3 * picturesPerSecond))
  }

  package func find(in picture: Frame) throws(DetectionError) -> [ScoredBox] {
    try picture.checkForFinding()
    let seen = Self.means(of: picture)
    let isSame =
      picture.size == size && zip(seen, means).allSatisfy { abs($0 - $1) <= Self.sameLevel } && repeats < mostRepeats
    if isSame {
      repeats += 1
      return answer
    }
    answer = try finder.find(in: picture)
    (means, size, repeats) = (seen, picture.size, 0)
    return answer
  }

  /// The mean level of each block, over all channels.
  private static func means(of picture: Frame) -> [Int] {
    let (width, height) = (picture.size.width, picture.size.height)
    let columns = (width + block - 1) / block
    var sums = [Int](repeating: 0, count: columns * ((height + block - 1) / block))
    let bytes = picture.bytes.span
    let plane = picture.planes[0]
    for y in 0..<height {
      let row = plane.offset + y * plane.rowBytes
      for column in 0..<columns {
        var sum = 0
        for index in row + column * block * 3..<row + min(width, (column + 1) * block) * 3 { sum &+= Int(bytes[index]) }
        sums[y / block * columns + column] &+= sum
      }
    }
    return sums.enumerated().map { index, sum in
      let across = min(block, width - index % columns * block)
      let down = min(block, height - index / columns * block)
      return sum / (across * down * 3)
    }
  }
}
