package import Networks

/// Prepares a recording's poses for the pose networks.
///
/// For Kinect v1 recordings (N-UCLA) there is no published preparation: uses ours, or NTU's with `asReleased`.
///
/// - Source: methods.md 3.6 (NTU), 3.7 (Smarthome) and 6.4 (windows).
package struct PosePreparation: Sendable {
  /// Number of frames for a whole recording.
  package let frames: Int
  /// Exactly as in the released code, including its bugs.
  package let asReleased: Bool
  /// Step between the frames of `whole` for NTU: with a larger step, fewer frames cover the same time.
  package let stride: Int

  /// The number of frames that the published networks see.
  package static func publishedFrames(_ graph: SkeletonGraph) -> Int { graph == .smarthome15 ? 400 : 300 }

  /// Smarthome's released arrays are padded with zeros to this many frames, and sampled from all of them.
  private static let releasedLength = 4000

  package init(frames: Int, asReleased: Bool, stride: Int = 1) {
    precondition(frames > 0 && stride > 0)
    self.frames = frames
    self.asReleased = asReleased
    self.stride = stride
  }

  /// A recording prepared once, for any number of windows.
  package struct Prepared: Sendable {
    /// The whole recording, [3, frames, V, M].
    package let whole: [Float]
    fileprivate let bodies: BodySequence

    /// The number of video frames that the poses cover.
    package var frameCount: Int { bodies.frames.count }

    fileprivate init(whole: [Float], _ bodies: BodySequence) {
      self.whole = whole
      self.bodies = bodies
    }

    /// The poses at video frames, [3, indices, V, M]; zero for frames without poses.
    package func window(_ indices: [Int]) -> [Float] { bodies.tensor(indices) }
  }

  /// - Parameters:
  ///   - track: the recording's poses.
  ///   - jitter: 0 to 10, the start of a Smarthome sample; see 3.7.
  /// - Returns: the prepared recording, from which windows can be cut.
  package func prepare(_ track: PoseTrack, jitter: Int) -> Prepared { prepare(track, jitter: jitter, variation: nil) }

  /// Like `prepare`, for a part of a recording.
  ///
  /// `part` are the frames that stand for the whole recording, or `nil` for all; windows may reach beyond them.
  func prepare(_ track: PoseTrack, part: Range<Int>?, jitter: Int, variation: PoseVariation? = nil) -> Prepared {
    guard let part else { return prepare(track, jitter: jitter, variation: variation) }
    // The people of the part, in windows too.
    let slots = track.frames(part).mostActive(track.graph.bodies)
    let all = prepare(track, jitter: jitter, variation: variation, slots: slots)
    let own = prepare(track.frames(part), jitter: jitter, variation: variation, slots: slots)
    return Prepared(whole: own.whole, all.bodies)
  }

  /// Like `prepare`, with a training clip's variation.
  func prepare(_ track: PoseTrack, jitter: Int, variation: PoseVariation?, slots: [Int]? = nil) -> Prepared {
    let track = variation?.isMirrored == true ? track.mirrored() : track
    var bodies = BodySequence(track, slots: slots ?? track.mostActive(track.graph.bodies))
    switch track.graph {
    case .kinect20 where !asReleased:
      bodies.stand()
      var whole = bodies
      whole.frames.removeAll { $0.allSatisfy { $0.reduce(0, +) == 0 } }
      if let variation {
        whole.play(variation)
        whole.vary(variation, vertical: 1)
        bodies.vary(variation, vertical: 1)
      }
      return Prepared(whole: whole.tensor(spread(whole.frames.count, from: 0)), bodies)
    case .ntu25, .kinect20:
      var whole = bodies
      whole.pullForward()
      if let variation { whole.play(variation) }
      whole.keep(every: stride)
      // Before centring: two bodies' repetitions may differ in length, and the second uses the first's centres.
      whole.repeatToLength(frames)
      whole.align(track.graph)
      // Windows keep the video's timing, so nothing is moved forward in them.
      bodies.align(track.graph)
      if let variation {
        // Aligned bodies stand along the z axis.
        whole.vary(variation, vertical: 2)
        bodies.vary(variation, vertical: 2)
      }
      return Prepared(whole: whole.tensor(Array(0..<frames)), bodies)
    case .smarthome15:
      if !asReleased { bodies.centreOnHips() }
      var whole = bodies
      if let variation {
        whole.play(variation)
        whole.vary(variation, vertical: 1)
        bodies.vary(variation, vertical: 1)
      }
      return Prepared(whole: whole.tensor(sampled(whole.frames.count, jitter: jitter)), bodies)
    }
  }

  /// Evenly spaced frames: over the recording's own length, or with `asReleased` over its zero padding too.
  private func sampled(_ count: Int, jitter: Int) -> [Int] {
    let end = asReleased ? Self.releasedLength : count
    return spread(end, from: min(jitter, max(0, end - 1)))
  }

  /// `frames` indices, evenly spaced from `begin` to just before `end`.
  private func spread(_ end: Int, from begin: Int) -> [Int] {
    guard frames > 1 else { return [begin] }
    return (0..<frames).map { index in
      begin + Int(Double(index) * Double(max(0, end - 1 - begin)) / Double(frames - 1))
    }
  }
}

extension BodySequence {
  /// Joint indices, from 0, that define a body's position and orientation.
  private struct Landmarks {
    var spineBase: Int
    var midSpine: Int
    var leftShoulder: Int
    var rightShoulder: Int

    /// Kinect v1 numbers its joints hip centre, spine, …, with the shoulders at 4 and 8, as v2 does.
    init(_ graph: SkeletonGraph) {
      (spineBase, midSpine, leftShoulder, rightShoulder) = (0, 1, 4, 8)
    }
  }

  /// Steps 5 to 7 of 3.6: centres the main body in every frame, and rotates it upright as in its first frame.
  mutating func align(_ graph: SkeletonGraph) {
    let landmarks = Landmarks(graph)
    guard bodies > 0, let first = frames.indices.first(where: { !isEmpty($0, 0) }) else { return }
    for frame in frames.indices {
      let centre = joint(frame, 0, landmarks.midSpine)
      for body in 0..<bodies {
        // A joint at zero was lost by the tracker, and stays there.
        for index in 0..<joints where joint(frame, body, index) != .zero { shift(frame, body, index, by: centre) }
      }
    }
    turn(from: joint(first, 0, landmarks.midSpine) - joint(first, 0, landmarks.spineBase), to: SIMD3(0, 0, 1))
    turn(from: joint(first, 0, landmarks.rightShoulder) - joint(first, 0, landmarks.leftShoulder), to: SIMD3(1, 0, 0))
  }

  /// Moves the hips at the first pose to the origin, and rotates the body about the camera's vertical to face it there.
  ///
  /// Unlike `align`, it keeps the body's path and the camera's vertical: Kinect v1's hip centre and spine are five
  /// centimetres apart, too close to define a rotation.
  mutating func stand() {
    let (hips, leftShoulder, rightShoulder, leftHip, rightHip) = (0, 4, 8, 12, 16)
    for body in 0..<bodies {
      guard let first = frames.indices.first(where: { !isEmpty($0, body) }) else { continue }
      let origin = joint(first, body, hips)
      var across = joint(first, body, rightShoulder) - joint(first, body, leftShoulder)
      across += joint(first, body, rightHip) - joint(first, body, leftHip)
      across.y = 0
      for frame in frames.indices where !isEmpty(frame, body) {
        for index in 0..<joints where joint(frame, body, index) != .zero { shift(frame, body, index, by: origin) }
      }
      turn(from: across, to: SIMD3(1, 0, 0))
    }
  }

  /// Moves a body that is absent at first to the front, over the frames without it.
  mutating func pullForward() {
    let zeros = [Float](repeating: 0, count: joints * 3)
    for body in 0..<bodies where !frames.isEmpty && isEmpty(0, body) {
      let present = frames.indices.filter { !isEmpty($0, body) }.map { frames[$0][body] }
      for frame in frames.indices { frames[frame][body] = frame < present.count ? present[frame] : zeros }
    }
  }

  /// Keeps the first frame and every `step`-th one after it.
  mutating func keep(every step: Int) {
    frames = Swift.stride(from: 0, to: frames.count, by: step).map { frames[$0] }
  }

  /// Repeats each body's frames up to its last one until there are `length`; empty frames in between stay.
  mutating func repeatToLength(_ length: Int) {
    let zeros = [Float](repeating: 0, count: joints * 3)
    var repeated = [[[Float]]](repeating: [[Float]](repeating: zeros, count: bodies), count: length)
    for body in 0..<bodies {
      guard let last = frames.indices.last(where: { !isEmpty($0, body) }) else { continue }
      for time in 0..<length { repeated[time][body] = frames[time % (last + 1)][body] }
    }
    frames = repeated
  }

  /// Moves the middle of the hips at the first pose to the origin, and scales by the torso's length there.
  mutating func centreOnHips() {
    let (midShoulders, midHips) = (13, 14)
    for body in 0..<bodies {
      guard let first = frames.indices.first(where: { !isEmpty($0, body) }) else { continue }
      let origin = joint(first, body, midHips)
      let torso = joint(first, body, midShoulders) - origin
      let length = (torso * torso).sum().squareRoot()
      // A detection with the shoulders on the hips tells nothing about size.
      let scale = length > 1e-3 ? 1 / length : 1
      for frame in frames.indices where !isEmpty(frame, body) {
        for index in 0..<joints { shift(frame, body, index, by: origin) }
        for place in frames[frame][body].indices { frames[frame][body][place] *= scale }
      }
    }
  }

  private func joint(_ frame: Int, _ body: Int, _ joint: Int) -> SIMD3<Float> {
    let values = frames[frame][body]
    return SIMD3(values[3 * joint], values[3 * joint + 1], values[3 * joint + 2])
  }

  private mutating func shift(_ frame: Int, _ body: Int, _ joint: Int, by offset: SIMD3<Float>) {
    for axis in 0..<3 { frames[frame][body][3 * joint + axis] -= offset[axis] }
  }

  /// Rotates everything by the shortest rotation that makes `from` parallel to `to`; does nothing for a zero vector.
  private mutating func turn(from: SIMD3<Float>, to: SIMD3<Float>) {
    let matrix = rotation(from: from, to: to)
    for frame in frames.indices {
      for body in 0..<bodies where !isEmpty(frame, body) {
        for index in 0..<joints {
          let value = joint(frame, body, index)
          for axis in 0..<3 { frames[frame][body][3 * index + axis] = (matrix[axis] * value).sum() }
        }
      }
    }
  }
}

/// Rows of the matrix that rotates from x to y by the angle between them.
private func rotation(from: SIMD3<Float>, to: SIMD3<Float>) -> [SIMD3<Float>] {
  let identity: [SIMD3<Float>] = [SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)]
  let lengths = ((from * from).sum() * (to * to).sum()).squareRoot()
  let axis = SIMD3(
    from.y * to.z - from.z * to.y, from.z * to.x - from.x * to.z, from.x * to.y - from.y * to.x)
  let area = (axis * axis).sum().squareRoot()
  guard lengths > 1e-6, area > 1e-6 else { return identity }
  let cosine = (from * to).sum() / lengths
  let k = axis / area
  // Not computed from the cosine, which hardly changes at small angles.
  let s = area / lengths
  // Rodrigues' formula.
  return (0..<3).map { row in
    var values = identity[row] * cosine + k * k[row] * (1 - cosine)
    switch row {
    case 0: values += SIMD3(0, -k.z, k.y) * s
    case 1: values += SIMD3(k.z, 0, -k.x) * s
    default: values += SIMD3(-k.y, k.x, 0) * s
    }
    return values
  }
}
