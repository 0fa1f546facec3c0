package import Capture
import Video

/// Pictures by which people can judge a rendered data set.
package enum ContactSheet {
  private static let columns = 6
  private static let small = FrameSize(width: 160, height: 120)

  /// A still with one row per action: one motion from start to end, with a different camera for each row.
  ///
  /// - Throws: `CaptureError.unwritable`.
  package static func write(_ dataset: SyntheticDataset, to path: String) throws(CaptureError) {
    let motions = representatives(dataset)
    var sheet = PictureSheet(columns: columns, rows: motions.count, cell: small)
    for (row, motion) in motions.enumerated() {
      let take = dataset.take(motion)
      var camera = camera(dataset, motion, take, row % SyntheticDataset.cameras)
      var pixels: [UInt8] = []
      for column in 0..<columns {
        _ = camera.shoot((take.frameCount - 1) * column / (columns - 1), into: &pixels)
        sheet.place(pixels, small, column: column, row: row)
      }
    }
    try sheet.write(to: path)
  }

  /// An animation of four by five motions at once, three seconds long.
  ///
  /// - Throws: `CaptureError.unwritable`.
  package static func preview(_ dataset: SyntheticDataset, to path: String) throws(CaptureError) {
    let motions = Array(representatives(dataset).prefix(20))
    let (across, rate, seconds) = (5, 10, 3)
    var sheet = PictureSheet(columns: across, rows: (motions.count + across - 1) / across, cell: small)
    var cameras = motions.enumerated().map { index, motion in
      camera(dataset, motion, dataset.take(motion), index % SyntheticDataset.cameras)
    }
    let lengths = motions.map { dataset.take($0).frameCount }
    var writer = try MediaWriter(path: path, format: .gif, size: sheet.picture.size, rate: rate)
    var pixels: [UInt8] = []
    for step in 0..<rate * seconds {
      for index in cameras.indices {
        _ = cameras[index].shoot(step * Take.rate / rate % lengths[index], into: &pixels)
        sheet.place(pixels, small, column: index % across, row: index / across)
      }
      try writer.add(sheet.picture.pixels)
    }
    try writer.finish()
  }

  /// The first motion of each action.
  private static func representatives(_ dataset: SyntheticDataset) -> [SyntheticMotion] {
    SyntheticAction.allCases.compactMap { action in dataset.motions.first { $0.action == action } }
  }

  private static func camera(_ dataset: SyntheticDataset, _ motion: SyntheticMotion, _ take: Take, _ index: Int)
    -> Take.Camera
  {
    let rig = dataset.rig(motion)
    return Take.Camera(take, rig.views[index], rig.films[index], size: small)
  }
}
