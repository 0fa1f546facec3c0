import Foundation
import Networks
import TestSupport
import Testing
import Video

@testable import Datasets

/// Left and right, which a network could learn wrongly without anybody noticing.
@Suite struct `Mirrored clips` {
  /// Left and right joints, by their names in the formats' documents.
  private func sides(_ graph: SkeletonGraph) -> [(left: Int, right: Int)] {
    switch graph {
    case .ntu25:
      // Shoulder, elbow, wrist, hand; hip, knee, ankle, foot; hand tip, thumb.
      Array(zip([4, 5, 6, 7, 12, 13, 14, 15, 21, 22], [8, 9, 10, 11, 16, 17, 18, 19, 23, 24])).map { ($0, $1) }
    case .kinect20: Array(zip([4, 5, 6, 7, 12, 13, 14, 15], [8, 9, 10, 11, 16, 17, 18, 19])).map { ($0, $1) }
    // Shoulder, elbow, wrist, hip, knee, ankle; every right joint next to its left one.
    case .smarthome15: [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12)]
    }
  }

  private func track(_ graph: SkeletonGraph) -> PoseTrack {
    var track = PoseTrack(graph: graph, slots: 1)
    for frame in 0..<5 { track.append([(0..<graph.jointCount * 3).map { Float(($0 * 13 + 7 * frame) % 101 + 1) }]) }
    return track
  }

  /// Whether one track is the mirror image of the other.
  private func isMirror(_ mirrored: PoseTrack, of track: PoseTrack) -> Bool {
    var partner = Array(0..<track.graph.jointCount)
    for (left, right) in sides(track.graph) { (partner[left], partner[right]) = (right, left) }
    return (0..<track.frameCount).allSatisfy { frame in
      let (own, other) = (Array(track.body(frame, 0)), Array(mirrored.body(frame, 0)))
      return partner.indices.allSatisfy { joint in
        other[3 * joint] == -own[3 * partner[joint]] && other[3 * joint + 1] == own[3 * partner[joint] + 1]
          && other[3 * joint + 2] == own[3 * partner[joint] + 2]
      }
    }
  }

  /// A track with every body changed.
  private func changed(_ track: PoseTrack, _ change: (inout [Float]) -> Void) -> PoseTrack {
    var result = PoseTrack(graph: track.graph, slots: 1)
    for frame in 0..<track.frameCount {
      var body = Array(track.body(frame, 0))
      change(&body)
      result.append([body])
    }
    return result
  }

  @Test(arguments: SkeletonGraph.allCases) func `mirrored clips swap left and right, and planted mistakes are found`(
    graph: SkeletonGraph
  ) {
    let track = track(graph)
    let mirrored = track.mirrored()
    #expect(isMirror(mirrored, of: track))
    func exchange(_ body: inout [Float], _ a: Int, _ b: Int) {
      for axis in 0..<3 { body.swapAt(3 * a + axis, 3 * b + axis) }
    }
    // Coordinates negated, but left still left.
    let unexchanged = changed(mirrored) { body in for (a, b) in sides(graph) { exchange(&body, a, b) } }
    #expect(!isMirror(unexchanged, of: track))
    // Swapped, but not negated.
    let unnegated = changed(mirrored) { body in
      for index in stride(from: 0, to: body.count, by: 3) { body[index].negate() }
    }
    #expect(!isMirror(unnegated, of: track))
    // One pair forgotten.
    for (a, b) in sides(graph) { #expect(!isMirror(changed(mirrored) { exchange(&$0, a, b) }, of: track)) }
    #expect(!isMirror(track, of: track))
  }

  /// A person who faces the camera and raises the left hand, on the bright side of the picture.
  private func recording(_ folder: TemporaryFolder) throws -> Clip {
    let picture = (0..<64 * 48).map { UInt8($0 % 64 < 32 ? 220 : 30) }
    let video = try folder.writeGrey("made.avi", Array(repeating: picture, count: 24), width: 64, height: 48)
    var body = [SIMD3<Float>](repeating: SIMD3(0, 0.2, 3), count: 25)
    for (joint, place) in [
      (0, SIMD3<Float>(0, 0, 3)), (1, SIMD3(0, 0.3, 3)), (20, SIMD3(0, 0.5, 3)), (4, SIMD3(-0.2, 0.5, 3)),
      (8, SIMD3(0.2, 0.5, 3)), (7, SIMD3(-0.4, 1.1, 3)), (11, SIMD3(0.4, -0.2, 3)),
    ] { body[joint] = place }
    // It moves slightly, or it would not count as a person.
    let frames = (0..<24).map { frame in [body.map { $0 + SIMD3(0, 0, 0.001 * Float(frame)) }] }
    return Clip(name: "made", label: 0, video: video, skeleton: try folder.write(ntuText(frames), as: "made.skeleton"))
  }

  @Test func `mirrored clips show the raised hand on the other side of the picture and of the body`() throws {
    let folder = try TemporaryFolder()
    let clip = try recording(folder)
    var options = ClipOptions()
    options.frames = 8
    options.preprocessing = ClipPreprocessing(size: 16)
    options.content = [.video, .windowPose]
    options.poseFrames = 16
    func load(flip: Double) throws -> LoadedClip {
      options.augmentation.flip = flip
      return try ClipLoader(options, graph: .ntu25).load(clip, .random(seed: 5))[0]
    }
    let (plain, mirrored) = (try load(flip: 0), try load(flip: 1))
    func isBright(_ loaded: LoadedClip, column: Int) -> Bool { loaded.pixels[(8 * 16 + column) * 3] > 128 }
    #expect(isBright(plain, column: 2) && !isBright(plain, column: 13))
    #expect(!isBright(mirrored, column: 2) && isBright(mirrored, column: 13))
    // [3, T, V, M]: the distance of a joint from its shoulder along each axis, for the first body of the first frame.
    let slots = plain.windowPose.count / (3 * 8 * 25)
    func reach(_ loaded: LoadedClip, _ hand: Int, _ shoulder: Int) -> [Float] {
      (0..<3).map { axis in
        loaded.windowPose[(axis * 8 * 25 + hand) * slots] - loaded.windowPose[(axis * 8 * 25 + shoulder) * slots]
      }
    }
    func length(_ values: [Float]) -> Float { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let raised = length([0.2, 0.6])
    let hanging = length([0.2, 0.7])
    #expect(abs(length(reach(plain, 7, 4)) - raised) < 1e-3 && abs(length(reach(plain, 11, 8)) - hanging) < 1e-3)
    #expect(abs(length(reach(mirrored, 11, 8)) - raised) < 1e-3 && abs(length(reach(mirrored, 7, 4)) - hanging) < 1e-3)
    // Upright and facing the camera, the mirrored body is the other with left and right swapped and x negated.
    let (left, right) = (reach(plain, 7, 4), reach(mirrored, 11, 8))
    #expect(abs(left[0] + right[0]) < 1e-3 && abs(left[1] - right[1]) < 1e-3 && abs(left[2] - right[2]) < 1e-3)
  }
}
