/// The joints of a body as numbered by a tracker, and the bones between them.
///
/// - Source: methods.md 3.1 and 3.2.
package enum SkeletonGraph: String, Codable, Hashable, Sendable, CaseIterable {
  /// Kinect v2, as in NTU RGB+D.
  case ntu25
  /// LCR-Net's 13 joints in reverse order, then the midpoints of shoulders and hips, as in Toyota Smarthome.
  case smarthome15
  /// Kinect v1, as in N-UCLA.
  case kinect20

  package var jointCount: Int {
    switch self {
    case .ntu25: 25
    case .smarthome15: 15
    case .kinect20: 20
    }
  }

  /// Bodies per sample.
  package var bodies: Int { self == .ntu25 ? 2 : 1 }

  /// Bones as (joint, its neighbour closer to the body's centre), 0-based.
  package var bones: [(joint: Int, parent: Int)] {
    let oneBased: [(Int, Int)]
    switch self {
    case .ntu25:
      oneBased = [
        (1, 2), (2, 21), (3, 21), (4, 3), (5, 21), (6, 5), (7, 6), (8, 7), (9, 21), (10, 9), (11, 10), (12, 11),
        (13, 1), (14, 13), (15, 14), (16, 15), (17, 1), (18, 17), (19, 18), (20, 19), (22, 23), (23, 8), (24, 25),
        (25, 12),
      ]
    case .smarthome15:
      oneBased = [
        (14, 1), (15, 14), (9, 15), (8, 15), (10, 8), (12, 10), (11, 9), (13, 11), (3, 14), (5, 3), (7, 5), (2, 14),
        (4, 2), (6, 4),
      ]
    case .kinect20:
      oneBased = [
        (1, 2), (2, 3), (4, 3), (5, 3), (6, 5), (7, 6), (8, 7), (9, 3), (10, 9), (11, 10), (12, 11), (13, 1), (14, 13),
        (15, 14), (16, 15), (17, 1), (18, 17), (19, 18), (20, 19),
      ]
    }
    return oneBased.map { ($0.0 - 1, $0.1 - 1) }
  }

  /// For each joint, its mirror image: left and right swapped.
  package var mirrored: [Int] {
    let pairs: [(Int, Int)] =
      switch self {
      case .ntu25: [(4, 8), (5, 9), (6, 10), (7, 11), (12, 16), (13, 17), (14, 18), (15, 19), (21, 23), (22, 24)]
      case .smarthome15: [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12)]
      case .kinect20: [(4, 8), (5, 9), (6, 10), (7, 11), (12, 16), (13, 17), (14, 18), (15, 19)]
      }
    var joints = Array(0..<jointCount)
    for (left, right) in pairs { joints.swapAt(left, right) }
    return joints
  }

  /// The fixed adjacency [3, V, V], row-major: identity, inward, outward.
  ///
  /// Features are multiplied from the left (X · A), so column v lists what joint v receives: itself; its parent; the
  /// mean of its children. Columns without bones are zero.
  package var adjacency: [Float] {
    let count = jointCount
    var values = [Float](repeating: 0, count: 3 * count * count)
    for joint in 0..<count { values[joint * count + joint] = 1 }
    func fill(_ subset: Int, _ links: [(from: Int, to: Int)]) {
      for (from, to) in links {
        let received = links.count { $0.to == to }
        values[(subset * count + from) * count + to] = 1 / Float(received)
      }
    }
    fill(1, bones.map { (from: $0.parent, to: $0.joint) })
    fill(2, bones.map { (from: $0.joint, to: $0.parent) })
    return values
  }
}
