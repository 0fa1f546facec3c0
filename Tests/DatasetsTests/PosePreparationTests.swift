import Basics
import Foundation
import Networks
import Testing

@testable import Datasets

/// An independent implementation of methods.md 3.6, step by step, in float64 with quaternions; bodies x frames x
/// joints.
private struct ReferencePreparation {
  typealias Joint = SIMD3<Double>
  var bodies: [[[Joint]]]

  /// Steps 2 to 4, or only 2 for windows, which keep the video's timing.
  init(_ slots: [[[Joint]]], keeping count: Int, length: Int, pullsForward: Bool = true) {
    let energies = slots.map(Self.energy)
    let order = slots.indices.sorted { (energies[$0], $1) > (energies[$1], $0) }.prefix(count)
    bodies = order.map { slots[$0] }
    guard pullsForward else { return }
    let nothing = [Joint](repeating: .zero, count: bodies[0][0].count)
    for index in bodies.indices {
      var frames = bodies[index]
      if !Self.isThere(frames[0]) { frames = frames.filter(Self.isThere) }
      while let last = frames.last, !Self.isThere(last) { frames.removeLast() }
      let prefix = frames
      if prefix.isEmpty { frames = [nothing] } else { while frames.count < length { frames += prefix } }
      while frames.count < length { frames.append(nothing) }
      bodies[index] = Array(frames.prefix(length))
    }
  }

  static func isThere(_ joints: [Joint]) -> Bool { joints.reduce(.zero, +).sum() != 0 }

  static func energy(_ frames: [[Joint]]) -> Double {
    let joints = frames.filter(isThere).joined()
    guard !joints.isEmpty else { return 0 }
    let mean = joints.reduce(.zero, +) / Double(joints.count)
    let variance = joints.reduce(Joint.zero) { $0 + ($1 - mean) * ($1 - mean) } / Double(joints.count)
    return variance.x.squareRoot() + variance.y.squareRoot() + variance.z.squareRoot()
  }

  /// Steps 5 to 7.
  mutating func align() {
    let centres = bodies[0].map { $0[1] }
    map { joint, time in joint == .zero ? joint : joint - centres[time] }
    guard let first = bodies[0].first(where: Self.isThere) else { return }
    let upright = Self.rotation(from: first[1] - first[0], to: Joint(0, 0, 1))
    map { joint, _ in Self.apply(upright, joint) }
    guard let turned = bodies[0].first(where: Self.isThere) else { return }
    let frontal = Self.rotation(from: turned[8] - turned[4], to: Joint(1, 0, 0))
    map { joint, _ in Self.apply(frontal, joint) }
  }

  private mutating func map(_ change: (Joint, Int) -> Joint) {
    for body in bodies.indices {
      for time in bodies[body].indices { bodies[body][time] = bodies[body][time].map { change($0, time) } }
    }
  }

  private static func apply(_ rows: [Joint], _ joint: Joint) -> Joint {
    Joint((rows[0] * joint).sum(), (rows[1] * joint).sum(), (rows[2] * joint).sum())
  }

  /// The rows of the rotation's matrix, computed from the quaternion as in methods.md 3.6.
  static func rotation(from: Joint, to: Joint) -> [Joint] {
    let cross = Joint(
      from.y * to.z - from.z * to.y, from.z * to.x - from.x * to.z, from.x * to.y - from.y * to.x)
    let lengths = ((from * from).sum() * (to * to).sum()).squareRoot()
    let norm = (cross * cross).sum().squareRoot()
    guard norm > 1e-6 else { return [Joint(1, 0, 0), Joint(0, 1, 0), Joint(0, 0, 1)] }
    let angle = acos(max(-1, min(1, (from * to).sum() / lengths)))
    let a = cos(angle / 2)
    let v = -(cross / norm) * sin(angle / 2)
    let (b, c, d) = (v.x, v.y, v.z)
    return [
      Joint(a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)),
      Joint(2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)),
      Joint(2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c),
    ]
  }

  /// [3, T, V, M] at frames; beyond the end, zeros.
  func tensor(_ frames: [Int]) -> [Double] {
    (0..<3).flatMap { axis in
      frames.flatMap { frame in
        bodies[0][0].indices.flatMap { joint in
          bodies.map { frame < $0.count ? $0[frame][joint][axis] : 0 }
        }
      }
    }
  }
}

private func largestDifference(_ a: [Float], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).map { abs(Double($0) - $1) }.max() ?? 0
}

/// A recording of two people, a ghost and gaps: frames x slots of joints, empty if nobody is there.
private func gappedFrames(_ seed: UInt64, count: Int, joints: Int, slots: Int) -> [[[SIMD3<Float>]]] {
  var random = SplitMix64(seed: seed)
  return (0..<count).map { frame in
    (0..<slots).map { slot in
      // The first slot starts late for odd seeds; every slot has gaps.
      if frame < 3 && slot == Int(seed % 2) - 1 || Int.random(in: 0..<5, using: &random) == 0 {
        return [SIMD3<Float>](repeating: .zero, count: joints)
      }
      var body = madeBody(seed &+ UInt64(slot * 1000), joints: joints)
      for joint in body.indices {
        body[joint] += SIMD3(Float(frame) * 0.02 * Float(slot), .random(in: -0.1...0.1, using: &random), 0)
      }
      body[joints - 1] = .zero  // a joint the tracker lost
      return body
    }
  }
}

private func track(_ frames: [[[SIMD3<Float>]]], _ graph: SkeletonGraph, slots: Int) -> PoseTrack {
  var track = PoseTrack(graph: graph, slots: slots)
  for bodies in frames { track.append(bodies.map { $0.flatMap { [$0.x, $0.y, $0.z] } }) }
  return track
}

private func reference(_ frames: [[[SIMD3<Float>]]], slots: Int, keeping: Int, length: Int, pullsForward: Bool = true)
  -> ReferencePreparation
{
  let bodies = (0..<slots).map { slot in frames.map { $0[slot].map { SIMD3<Double>($0) } } }
  var reference = ReferencePreparation(bodies, keeping: keeping, length: length, pullsForward: pullsForward)
  reference.align()
  return reference
}

@Suite struct `Preparation of NTU poses` {
  @Test(arguments: 0..<UInt64(12))
  func `NTU preparation equals the published steps`(seed: UInt64) {
    let (graph, slots, joints, keeping) = seed < 8 ? (SkeletonGraph.ntu25, 4, 25, 2) : (.kinect20, 1, 20, 1)
    let frames = gappedFrames(seed, count: 7 + Int(seed) * 3, joints: joints, slots: slots)
    let prepared = PosePreparation(frames: 60, asReleased: graph == .kinect20)
      .prepare(track(frames, graph, slots: slots), jitter: 0)
    let whole = reference(frames, slots: slots, keeping: keeping, length: 60)
    #expect(largestDifference(prepared.whole, whole.tensor(Array(0..<60))) < 1e-4)
    let times = reference(frames, slots: slots, keeping: keeping, length: 60, pullsForward: false)
    let indices = [5, 0, 2, 2, frames.count - 1, frames.count + 4]
    #expect(largestDifference(prepared.window(indices), times.tensor(indices)) < 1e-4)
  }

  @Test func `NTU preparation with a stride equals that of the recording without the frames in between`() {
    let frames = (0..<29).map { [madeBody(UInt64($0))] }
    let every = stride(from: 0, to: 29, by: 3).map { frames[$0] }
    let whole = PosePreparation(frames: 24, asReleased: false, stride: 3).prepare(
      track(frames, .ntu25, slots: 1), jitter: 0
    ).whole
    let thinned = PosePreparation(frames: 24, asReleased: false).prepare(track(every, .ntu25, slots: 1), jitter: 0)
      .whole
    #expect(whole == thinned)
  }

  @Test func `NTU preparation turns the first frame upright, and frontal last`() {
    let frames = (0..<5).map { [madeBody(UInt64($0))] }
    let whole = PosePreparation(frames: 8, asReleased: false).prepare(track(frames, .ntu25, slots: 4), jitter: 0).whole
    func joint(_ time: Int, _ joint: Int) -> SIMD3<Float> {
      func value(_ axis: Int) -> Float { whole[((axis * 8 + time) * 25 + joint) * 2] }
      return SIMD3(value(0), value(1), value(2))
    }
    for time in 0..<8 { #expect(joint(time, 1) == .zero, "the middle of the spine is the origin") }
    let shoulders = joint(0, 8) - joint(0, 4)
    #expect(shoulders.x > 0 && abs(shoulders.y) < 1e-5 && abs(shoulders.z) < 1e-5)
    #expect((0..<25).allSatisfy { joint(5, $0) == joint(0, $0) }, "the five frames repeat")
  }

  /// A spine along x of one metre; shoulders along y.
  @Test func `NTU preparation gives known numbers for a lying body`() {
    var body = [SIMD3<Float>](repeating: SIMD3(1, 1, 3), count: 25)
    body[0] = SIMD3(0, 1, 3)
    body[4] = SIMD3(2, 0, 3)
    body[8] = SIMD3(2, 2, 3)
    body[3] = SIMD3(2.5, 1, 3)
    let values = PosePreparation(frames: 1, asReleased: false)
      .prepare(track([[body]], .ntu25, slots: 4), jitter: 0).whole
    func joint(_ joint: Int) -> [Float] {
      (0..<3).map { (values[($0 * 25 + joint) * 2] * 1000).rounded() / 1000 + 0 }
    }
    // +x becomes +z about -y; then +y becomes +x about -z.
    #expect(joint(0) == [0, 0, -1])
    #expect(joint(1) == [0, 0, 0])
    #expect(joint(3) == [0, 0, 1.5])
    #expect(joint(4) == [-1, 0, 1])
    #expect(joint(8) == [1, 0, 1])
  }

  @Test func `NTU preparation turns by small angles exactly`() {
    var body = madeBody(5)
    (body[0], body[1]) = (SIMD3(0, 0, 2), SIMD3(1e-3, 0, 3))
    (body[4], body[8]) = (SIMD3(-1, 0, 4), SIMD3(1, 1e-3, 4))
    let frames = [[body] + (0..<3).map { _ in [SIMD3<Float>](repeating: .zero, count: 25) }]
    let prepared = PosePreparation(frames: 1, asReleased: false).prepare(track(frames, .ntu25, slots: 4), jitter: 0)
    #expect(largestDifference(prepared.whole, reference(frames, slots: 4, keeping: 2, length: 1).tensor([0])) < 2e-6)
  }
}

@Suite struct `Preparation of Kinect v1 poses` {
  private let body = madeBody(5, joints: 20)

  /// A joint's values by time step, [3, T, V, 1].
  private func joint(_ joint: Int, _ time: Int, _ values: [Float], frames: Int) -> SIMD3<Float> {
    func value(_ axis: Int) -> Float { values[(axis * frames + time) * 20 + joint] }
    return SIMD3(value(0), value(1), value(2))
  }

  /// Rotates about y.
  private func seen(_ body: [SIMD3<Float>], from angle: Float) -> [SIMD3<Float>] {
    body.map { joint in
      SIMD3(
        cos(angle) * joint.x + sin(angle) * joint.z, joint.y, cos(angle) * joint.z - sin(angle) * joint.x)
    }
  }

  @Test func `Kinect v1 preparation keeps the vertical and the body's path`() {
    let moved = body.map { $0 + SIMD3(0.5, 0.25, -1) }
    let empty = [SIMD3<Float>](repeating: .zero, count: 20)
    let values = PosePreparation(frames: 3, asReleased: false)
      .prepare(track([[empty], [body], [moved]], .kinect20, slots: 1), jitter: 0).whole
    // The empty frame is skipped: three frames from two, evenly spaced.
    let first = (0..<20).map { joint($0, 0, values, frames: 3) }
    let last = (0..<20).map { joint($0, 2, values, frames: 3) }
    #expect(first[0] == .zero)
    let way = last[0]
    #expect(abs(way.y - 0.25) < 1e-5)
    #expect(abs((way * way).sum() - (0.5 * 0.5 + 0.25 * 0.25 + 1)) < 1e-4)
    for index in 0..<20 { #expect(abs(first[index].y - (body[index] - body[0]).y) < 1e-5) }
    let across = (first[8] - first[4]) + (first[16] - first[12])
    #expect(across.x > 0 && abs(across.z) < 1e-4)
  }

  @Test func `Kinect v1 preparation is the same from every side`() {
    let frames = (0..<4).map { frame in body.map { $0 + SIMD3(0, 0, Float(frame)) } }
    func prepared(_ angle: Float) -> [Float] {
      PosePreparation(frames: 4, asReleased: false)
        .prepare(track(frames.map { [seen($0, from: angle)] }, .kinect20, slots: 1), jitter: 0).whole
    }
    let front = prepared(0)
    #expect(front.contains { $0 != 0 })
    for angle in [0.5, -1.2, 2.9] as [Float] {
      #expect(zip(front, prepared(angle)).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  @Test func `Kinect v1 preparation is spread over the recording, and windows keep the video's frames`() {
    let frames = (0..<10).map { frame in body.map { $0 + SIMD3(0, Float(frame), 0) } }
    let prepared = PosePreparation(frames: 4, asReleased: false)
      .prepare(track(frames.map { [$0] }, .kinect20, slots: 1), jitter: 7)
    #expect((0..<4).map { Int(joint(0, $0, prepared.whole, frames: 4).y.rounded()) } == [0, 3, 6, 9])
    let window = prepared.window([2, 5, 10])
    #expect((0..<3).map { Int(joint(0, $0, window, frames: 3).y.rounded()) } == [2, 5, 0])
  }
}

@Suite struct `Preparation of Smarthome poses` {
  private let shape = madeBody(3, joints: 15)

  /// Frames in which every joint's x is the frame's number, from 1, to identify them.
  private func numbered(_ count: Int) -> PoseTrack {
    track((0..<count).map { frame in [shape.map { SIMD3(Float(frame + 1), $0.y, $0.z) }] }, .smarthome15, slots: 2)
  }

  /// The frame number by time step, as set by `numbered`; 0 if nobody is there.
  private func numbers(_ values: [Float]) -> [Int] { (0..<values.count / 45).map { Int(values[$0 * 15].rounded()) } }

  @Test func `Smarthome preparation is evenly spaced, from the first frame to the last`() {
    let prepared = PosePreparation(frames: 400, asReleased: false).prepare(numbered(100), jitter: 0)
    #expect(prepared.whole.count == 3 * 400 * 15)
    let torso = shape[13] - shape[14]
    // x is constant within a frame, so the torso's length is that of y and z.
    let length = (torso.y * torso.y + torso.z * torso.z).squareRoot()
    let frames = (0..<400).map { Int((prepared.whole[$0 * 15] * length).rounded()) }
    #expect(frames == (0..<400).map { $0 * 99 / 399 })
    let late = PosePreparation(frames: 400, asReleased: false).prepare(numbered(100), jitter: 10)
    #expect(Int((late.whole[0] * length).rounded()) == 10)
  }

  @Test func `Smarthome preparation is centred on the first hips and scaled by the torso`() {
    var moved = shape
    for joint in moved.indices { moved[joint] += SIMD3(3, 1, 0) }
    let empty = [SIMD3<Float>](repeating: .zero, count: 15)
    let values = PosePreparation(frames: 3, asReleased: false)
      .prepare(track([[empty], [shape], [moved]], .smarthome15, slots: 2), jitter: 0).whole
    let torso = shape[13] - shape[14]
    let length = (torso * torso).sum().squareRoot()
    for joint in 0..<15 {
      for axis in 0..<3 {
        func value(_ time: Int) -> Float { values[(axis * 3 + time) * 15 + joint] }
        #expect(value(0) == 0)
        #expect(abs(value(1) - (shape[joint] - shape[14])[axis] / length) < 1e-5)
        #expect(abs(value(2) - (moved[joint] - shape[14])[axis] / length) < 1e-5)
      }
    }
  }

  @Test func `Smarthome preparation as released is neither centred nor scaled, and mostly padding`() {
    let prepared = PosePreparation(frames: 400, asReleased: true).prepare(numbered(100), jitter: 0)
    let frames = numbers(prepared.whole)
    // 400 of 4,000 frames: every tenth, and the recording has ten of those.
    #expect(Array(frames.prefix(12)) == [1, 11, 21, 31, 41, 51, 61, 71, 81, 91, 0, 0])
    #expect(frames[10...].allSatisfy { $0 == 0 })
    #expect(numbers(prepared.window([0, 57, 99, 100])) == [1, 58, 100, 0])
  }

  @Test func `Smarthome preparation keeps the detection that moves most`() {
    let still = [[SIMD3<Float>]](repeating: shape.map { $0 * 0.2 }, count: 6)
    let frames = still.enumerated().map { [$1, shape.map { SIMD3(Float($0.x), $0.y, $0.z) + Float($0.x) }] }
    let moving = track(frames, .smarthome15, slots: 2)
    #expect(moving.mostActive(1) == [1])
  }

  @Test func `Smarthome frames of a recording shorter than the jitter are its last`() {
    let prepared = PosePreparation(frames: 4, asReleased: true).prepare(numbered(2), jitter: 10)
    #expect(prepared.whole.allSatisfy { $0 == 0 }, "as in the released code, only padding is left")
    let fixed = PosePreparation(frames: 4, asReleased: false).prepare(numbered(2), jitter: 10)
    #expect(Set(numbers(fixed.whole)).count == 1)
  }

  @Test func `Smarthome preparation has the published lengths`() {
    #expect(SkeletonGraph.allCases.map(PosePreparation.publishedFrames) == [300, 400, 300])
  }
}
