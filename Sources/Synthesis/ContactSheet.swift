package import Capture
import Video

/// Pictures by which a person can judge a rendered data set.
package enum ContactSheet {
  private static let columns = 6
  private static let small = FrameSize(width: 160, height: 120)

  /// A still with a row an action: one motion from begin to end, the camera changing from row to row.
  ///
  /// - Throws: `CaptureError.unwritable`.
  package static func write(_ dataset: SyntheticDataset, to path: String) throws(CaptureError) {
    let motions = representatives(dataset)
    let size = FrameSize(width: small.width * columns, height: small.height * motions.count)
    var sheet = [UInt8](repeating: 0, count: size.width * size.height * 3)
    for (row, motion) in motions.enumerated() {
      let take = dataset.take(motion)
      var camera = camera(dataset, motion, take, row % SyntheticDataset.cameras)
      var pixels: [UInt8] = []
      for column in 0..<columns {
        _ = camera.shoot((take.frameCount - 1) * column / (columns - 1), into: &pixels)
        paste(pixels, into: &sheet, size, x: column * small.width, y: row * small.height)
      }
    }
    var writer = try MediaWriter(path: path, format: .jpeg(quantiser: 5), size: size, rate: 1)
    try writer.add(sheet)
    try writer.finish()
  }

  /// A moving picture of four by five motions at once, three seconds long.
  ///
  /// - Throws: `CaptureError.unwritable`.
  package static func preview(_ dataset: SyntheticDataset, to path: String) throws(CaptureError) {
    let motions = Array(representatives(dataset).prefix(20))
    let (across, rate, seconds) = (5, 10, 3)
    let size = FrameSize(width: small.width * across, height: small.height * ((motions.count + across - 1) / across))
    var cameras = motions.enumerated().map { index, motion in
      camera(dataset, motion, dataset.take(motion), index % SyntheticDataset.cameras)
    }
    let lengths = motions.map { dataset.take($0).frameCount }
    var writer = try MediaWriter(path: path, format: .gif, size: size, rate: rate)
    var pixels: [UInt8] = []
    for step in 0..<rate * seconds {
      var picture = [UInt8](repeating: 0, count: size.width * size.height * 3)
      for index in cameras.indices {
        _ = cameras[index].shoot(step * Take.rate / rate % lengths[index], into: &pixels)
        paste(pixels, into: &picture, size, x: index % across * small.width, y: index / across * small.height)
      }
      try writer.add(picture)
    }
    try writer.finish()
  }

  /// The first motion of every action.
  private static func representatives(_ dataset: SyntheticDataset) -> [SyntheticMotion] {
    SyntheticAction.allCases.compactMap { action in dataset.motions.first { $0.action == action } }
  }

  private static func camera(_ dataset: SyntheticDataset, _ motion: SyntheticMotion, _ take: Take, _ index: Int)
    -> Take.Camera
  {
    let rig = dataset.rig(motion)
    return Take.Camera(take, rig.views[index], rig.films[index], size: small)
  }

  private static func paste(_ pixels: [UInt8], into sheet: inout [UInt8], _ size: FrameSize, x: Int, y: Int) {
    let row = small.width * 3
    for line in 0..<small.height {
      let start = ((y + line) * size.width + x) * 3
      sheet.replaceSubrange(start..<start + row, with: pixels[line * row..<(line + 1) * row])
    }
  }
}
