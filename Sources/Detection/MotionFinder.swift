import COpenCV
package import Video

/// Finds whatever stands out from the background of a fixed camera; needs no weights.
///
/// The background is a mixture of Gaussians per pixel. Somebody who keeps still becomes part of it only after minutes;
/// somebody who stood there from the first picture is part of it until they move, and leaves a hole in it, which doesn't move
/// and therefore gets a low score. Switching a light changes most of the picture at once and restarts the model.
///
/// - Source: Zivkovic, "Improved adaptive Gaussian mixture model for background subtraction" (2004).
package final class MotionFinder: PersonFinder {
  /// Longest side of the picture used for comparison.
  private static let side = 320
  /// Number of initial pictures that only train the model.
  private static let warmUp = 5
  /// The part of a pixel's history that counts as background.
  ///
  /// One half, so that becoming background and ceasing to be it take equally long.
  private static let share = 0.5

  /// Scores of what does not move are from here up, and below those of what does.
  package static let stillScore = MotionPatches.stillScore

  private var background: Background?
  private var size = FrameSize(width: 0, height: 0)
  private var seen = 0
  private let rate: Double

  /// Creates a finder that has not seen any picture.
  ///
  /// - Parameters:
  ///   - picturesPerSecond: how often `find` is called.
  ///   - absorbSeconds: how long until somebody who does not move at all counts as background.
  ///   - threads: number of OpenCV threads for the whole process.
  /// - Throws: `DetectionError.failed` if OpenCV cannot start.
  package init(picturesPerSecond: Double = 3, absorbSeconds: Double = 300, threads: Int = 1) throws(DetectionError) {
    precondition(picturesPerSecond > 0 && absorbSeconds > 0)
    try OpenCV.setThreads(threads)
    // A new component's weight grows as 1 - (1 - rate)^n, and it is background above 1 - share: n = ln 2 / rate.
    rate = min(0.1, 0.693 / (picturesPerSecond * absorbSeconds))
  }

  package func find(in picture: Frame) throws(DetectionError) -> [ScoredBox] {
    try picture.checkForFinding()
    if picture.size != size || background == nil {
      background = try Background(share: Self.share)
      (size, seen) = (picture.size, 0)
    }
    seen += 1
    let scale = min(1, Double(Self.side) / Double(max(size.width, size.height)))
    let seenSize = FrameSize(
      width: max(1, Int(Double(size.width) * scale)), height: max(1, Int(Double(size.height) * scale)))
    // -1: the first pictures change the model much, later ones little.
    guard let found = try background?.apply(picture, size: seenSize, rate: seen <= Self.warmUp ? -1 : rate),
      seen > Self.warmUp
    else { return [] }
    guard found.foreground * 10 <= seenSize.width * seenSize.height * 6 else {
      background = nil
      return []
    }
    return MotionPatches.people(found.patches, in: seenSize)
  }
}

/// Owns OpenCV's background model.
@safe private struct Background: ~Copyable {
  private let handle: OpaquePointer

  init(share: Double) throws(DetectionError) {
    var handle: OpaquePointer?
    let reason = unsafe ocv_background_create(share, &handle).map { unsafe OpenCV.text($0) }
    guard reason == nil, let handle = unsafe handle else { throw .failed(reason: reason ?? "it gave no model") }
    unsafe self.handle = handle
  }

  deinit { unsafe ocv_background_destroy(handle) }

  func apply(
    _ picture: Frame, size: FrameSize, rate: Double
  ) throws(DetectionError) -> (patches: [MotionPatches.Patch], foreground: Int) {
    var (count, foreground) = (Int32(0), Int64(0))
    var patches = [ocv_patch](repeating: ocv_patch(), count: 1000)
    let reason = unsafe patches.withUnsafeMutableBufferPointer { patches in
      unsafe picture.withPicture { picture in
        unsafe ocv_background_apply(
          handle, picture, Int32(size.width), Int32(size.height), rate, patches.baseAddress, Int32(patches.count),
          &count, &foreground
        ).map { unsafe OpenCV.text($0) }
      }
    }
    if let reason { throw .failed(reason: reason) }
    let found = patches.prefix(Int(count)).map {
      MotionPatches.Patch(
        left: Int($0.x), top: Int($0.y), right: Int($0.x + $0.width), bottom: Int($0.y + $0.height), area: Int($0.area),
        moving: Int($0.moving))
    }
    return (found, Int(foreground))
  }
}
