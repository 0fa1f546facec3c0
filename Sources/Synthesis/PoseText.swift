import Foundation

/// Poses in the file formats of the data sets.
enum PoseText {
  /// NTU RGB+D's `.skeleton`: a line for the frames, then bodies and their joints.
  ///
  /// Pixels refer to Kinect v2's pictures, 512x424 for depth and 1920x1080 for colour; the rendered picture fills the
  /// colour picture whatever its shape. Orientations are not simulated.
  ///
  /// - Parameters:
  ///   - frames: bodies of 25 joints.
  ///   - focal: focal length of the rendered picture, in units of its height.
  ///   - aspect: its width divided by its height.
  /// - Returns: the file's text.
  /// - Source: methods.md 8.1.
  static func ntu(_ frames: [[[PoseNoise.Joint]]], focal: Float, aspect: Float) -> String {
    var text = "\(frames.count)\r\n"
    for bodies in frames {
      text += "\(bodies.count)\r\n"
      for (index, joints) in bodies.enumerated() {
        text += "7205759403793792\(7930 + index) 0 1 0 1 0 0 0 0 2\r\n25\r\n"
        for joint in joints {
          let p = joint.place
          let (depthX, depthY) = (256 - 365 * p.x / p.z, 212 - 365 * p.y / p.z)
          let (colorX, colorY) = (1920 * (0.5 - focal / aspect * p.x / p.z), 1080 * (0.5 - focal * p.y / p.z))
          text += "\(short(p.x)) \(short(p.y)) \(short(p.z)) \(short(depthX)) \(short(depthY)) "
          text += "\(short(colorX)) \(short(colorY)) 0 0 0 0 \(joint.tracking)\r\n"
        }
      }
    }
    return text
  }

  /// LCR-Net's JSON for Toyota Smarthome: 13 joints per detection, all x, all y, all z.
  ///
  /// - Parameters:
  ///   - frames: bodies of 25 joints.
  ///   - focal: focal length in pixels, for `pose2d`.
  ///   - width: width of the pictures in pixels.
  ///   - height: height of the pictures in pixels.
  /// - Returns: the file's text.
  /// - Source: methods.md 3.1 and 8.2.
  static func smarthome(_ frames: [[[PoseNoise.Joint]]], focal: Float, width: Int, height: Int) -> String {
    // Ankles, knees, hips, wrists, elbows and shoulders, each right before left, then the head.
    let order = [18, 14, 17, 13, 16, 12, 10, 6, 9, 5, 8, 4, 3]
    let list = frames.map { bodies in
      let detections = bodies.map { joints in
        let places = order.map { joints[$0].place }
        let horizontal = places.map { short(Float(width) / 2 - focal * $0.x / $0.z) }
        let vertical = places.map { short(Float(height) / 2 - focal * $0.y / $0.z) }
        let space = places.map { short($0.x) } + places.map { short(-$0.y) } + places.map { short($0.z) }
        return #"{"pose2d": [\#((horizontal + vertical).joined(separator: ", "))], "#
          + #""pose3d": [\#(space.joined(separator: ", "))], "cumscore": 1.0}"#
      }
      return "[\(detections.joined(separator: ", "))]"
    }
    return #"{"K": 1, "njts": 13, "frames": [\#(list.joined(separator: ", "))]}"# + "\n"
  }

  /// Four decimals: tenths of a millimetre, or ten-thousandths of a pixel.
  private static func short(_ value: Float) -> String { "\((value * 10_000).rounded() / 10_000)" }
}
