package import Networks

/// The bodies of a recording, frame by frame, in the slots in which the tracker's file lists them.
///
/// A slot is a position in the frame's list, not an identity; a slot unused in a frame is all zeros.
package struct PoseTrack: Equatable, Sendable {
  package let graph: SkeletonGraph
  package let slots: Int
  package private(set) var frameCount = 0
  /// Frames in which a body was left out because its numbers were unusable.
  package private(set) var damagedFrames = 0
  /// The damaged frames in which nobody is left.
  private var damagedEmptyFrames = 0
  /// [T, slots, V, 3], row-major, metres.
  package private(set) var values: [Float] = []

  package init(graph: SkeletonGraph, slots: Int) {
    precondition(slots > 0)
    self.graph = graph
    self.slots = slots
  }

  private var slotSize: Int { graph.jointCount * 3 }

  /// Joints are never this far away; larger values would overflow later.
  private static let farthest: Float = 1e6

  /// Adds a frame; bodies beyond the last slot are dropped.
  ///
  /// A body with a number that is not finite or is absurdly large is left out: setting one joint to the origin would
  /// create a jump that nobody made.
  ///
  /// - Parameters:
  ///   - bodies: V · 3 numbers each, x y z joint by joint.
  ///   - isDamaged: true if the file has a body here that cannot be read.
  package mutating func append(_ bodies: [[Float]], isDamaged: Bool = false) {
    var isDamaged = isDamaged
    for slot in 0..<slots {
      let isSound = slot < bodies.count && bodies[slot].allSatisfy { $0.magnitude <= Self.farthest }
      if isSound {
        precondition(bodies[slot].count == slotSize)
        values += bodies[slot]
      } else {
        isDamaged = isDamaged || slot < bodies.count
        values += repeatElement(0, count: slotSize)
      }
    }
    frameCount += 1
    if isDamaged {
      damagedFrames += 1
      if (0..<slots).allSatisfy({ isEmpty(frameCount - 1, $0) }) { damagedEmptyFrames += 1 }
    }
  }

  /// The number of frames with nobody in them and nobody left out.
  var emptyFrames: Int {
    (0..<frameCount).count { frame in (0..<slots).allSatisfy { isEmpty(frame, $0) } } - damagedEmptyFrames
  }

  /// - Throws: `DatasetError.unreadable` if there is nobody in any frame.
  func requireSomebody(path: String) throws(DatasetError) {
    guard (0..<frameCount).contains(where: { frame in (0..<slots).contains { !isEmpty(frame, $0) } }) else {
      let damage = damagedFrames > 0 ? "; \(damagedFrames) have bodies whose numbers cannot be used" : ""
      throw .unreadable(path: path, reason: "nobody is in any of its \(frameCount) frames\(damage)")
    }
  }

  /// A range of its frames as a track.
  func frames(_ range: Range<Int>) -> PoseTrack {
    var track = PoseTrack(graph: graph, slots: slots)
    track.values = Array(values[range.lowerBound * slots * slotSize..<range.upperBound * slots * slotSize])
    track.frameCount = range.count
    return track
  }

  /// The mirror image: x negated, left and right swapped.
  func mirrored() -> PoseTrack {
    var track = self
    let joints = graph.mirrored
    for body in stride(from: 0, to: values.count, by: slotSize) {
      for (joint, other) in joints.enumerated() {
        let (to, from) = (body + 3 * joint, body + 3 * other)
        track.values[to] = -values[from]
        for axis in 1..<3 { track.values[to + axis] = values[from + axis] }
      }
    }
    return track
  }

  /// The body in a slot, V · 3 numbers.
  package func body(_ frame: Int, _ slot: Int) -> ArraySlice<Float> {
    let start = (frame * slots + slot) * slotSize
    return values[start..<start + slotSize]
  }

  /// True if a slot is not used in a frame.
  ///
  /// Judged by the sum of its numbers, as in the published pre-processing.
  package func isEmpty(_ frame: Int, _ slot: Int) -> Bool { body(frame, slot).reduce(0, +) == 0 }

  /// How much the body in a slot moves: the sum of the standard deviations of x, y and z over its frames and joints.
  ///
  /// - Source: methods.md 3.6, step 2.
  func energy(_ slot: Int) -> Float {
    let frames = (0..<frameCount).filter { !isEmpty($0, slot) }
    guard !frames.isEmpty else { return 0 }
    var sum = [Double](repeating: 0, count: 3)
    var squares = sum
    for frame in frames {
      for (index, value) in body(frame, slot).enumerated() {
        sum[index % 3] += Double(value)
        squares[index % 3] += Double(value) * Double(value)
      }
    }
    let count = Double(frames.count * graph.jointCount)
    return Float(
      (0..<3).reduce(0) { $0 + max(0, squares[$1] / count - sum[$1] / count * sum[$1] / count).squareRoot() })
  }

  /// The slots with the most energy, highest first; earlier slots first among equals.
  func mostActive(_ count: Int) -> [Int] {
    let energies = (0..<slots).map(energy)
    return Array((0..<slots).sorted { (energies[$0], $1) > (energies[$1], $0) }.prefix(count))
  }
}

/// Three-dimensional poses ready for a network: frames x bodies, with zeros for unused ones.
struct BodySequence: Sendable {
  let joints: Int
  let bodies: Int
  /// [frame][body] of V · 3 numbers.
  var frames: [[[Float]]]

  init(_ track: PoseTrack, slots: [Int]) {
    joints = track.graph.jointCount
    bodies = slots.count
    frames = (0..<track.frameCount).map { frame in slots.map { Array(track.body(frame, $0)) } }
  }

  func isEmpty(_ frame: Int, _ body: Int) -> Bool { frames[frame][body].reduce(0, +) == 0 }

  /// The frames at `indices` as [3, T, V, M], row-major; an index beyond the end is an empty frame.
  func tensor(_ indices: [Int]) -> [Float] {
    var values = [Float](repeating: 0, count: 3 * indices.count * joints * bodies)
    for (time, index) in indices.enumerated() where frames.indices.contains(index) {
      for body in 0..<bodies {
        for (place, value) in frames[index][body].enumerated() {
          values[((place % 3 * indices.count + time) * joints + place / 3) * bodies + body] = value
        }
      }
    }
    return values
  }
}
