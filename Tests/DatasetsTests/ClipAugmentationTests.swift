import Basics
import Foundation
import Networks
import TestSupport
import Testing
import Video

@testable import Datasets

@Suite struct `Variations of training clips` {
  private let strong = ClipAugmentation(.strong)

  @Test func `clip variations are the same for the same seed, and differ for others`() {
    let variations = (0..<50).map { ClipVariation(strong, seed: $0) }
    #expect(variations == (0..<50).map { ClipVariation(strong, seed: $0) })
    #expect(Set(variations.map(\.scale)).count == 50)
    let mirrored = (0..<1000).count { ClipVariation(strong, seed: $0).isMirrored }
    #expect((450...550).contains(mirrored))
    #expect((0..<1000).allSatisfy { (0.7...1.2).contains(ClipVariation(strong, seed: $0).scale) })
    #expect((0..<1000).allSatisfy { (0.8...1.25).contains(ClipVariation(strong, seed: $0).speed) })
  }

  @Test func `clip variations show a part of the picture`() {
    let picture = FrameSize(width: 320, height: 240)
    for seed in 0..<500 as Range<UInt64> {
      let variation = ClipVariation(strong, seed: seed)
      for square in [
        PixelRectangle(x: 0, y: 0, width: 320, height: 240), PixelRectangle(x: 300, y: 220, width: 20, height: 20),
      ] {
        let region = variation.region(square, in: picture)
        #expect(region.x >= 0 && region.y >= 0 && region.width > 0 && region.height > 0)
        #expect(region.x + region.width <= 320 && region.y + region.height <= 240)
      }
    }
    let none = ClipVariation(ClipAugmentation(), seed: 4)
    let square = PixelRectangle(x: 30, y: 20, width: 101, height: 99)
    #expect(none.region(square, in: picture) == square)
  }

  /// Two pictures of 3 x 3 pixels with consecutive reds.
  private var pixels: [UInt8] { (0..<54).map { $0 % 3 == 0 ? UInt8($0) : 100 } }

  @Test func `clip variations mirror rows`() {
    var augmentation = ClipAugmentation()
    augmentation.flip = 1
    var mirrored = pixels
    ClipVariation(augmentation, seed: 1).apply(to: &mirrored, size: 3)
    #expect((0..<6).map { mirrored[9 * $0] } == [6, 15, 24, 33, 42, 51])
    ClipVariation(augmentation, seed: 1).apply(to: &mirrored, size: 3)
    #expect(mirrored == pixels)
  }

  @Test func `clip variations change all pictures of a clip in the same way`() {
    var augmentation = ClipAugmentation(.strong)
    augmentation.flip = 0
    for seed in 0..<20 as Range<UInt64> {
      let one = (0..<27).map { UInt8($0 * 9) }
      var clip = one + one + one
      ClipVariation(augmentation, seed: seed).apply(to: &clip, size: 3)
      #expect(clip[0..<27] == clip[27..<54] && clip[0..<27] == clip[54..<81])
    }
  }

  @Test func `grey is luma, and blur keeps a uniform picture`() {
    var augmentation = ClipAugmentation()
    augmentation.grey = 1
    var pixel: [UInt8] = [255, 0, 0]
    ClipVariation(augmentation, seed: 1).apply(to: &pixel, size: 1)
    #expect(pixel == [77, 77, 77])
    augmentation = ClipAugmentation()
    augmentation.blur = 1
    var even = [UInt8](repeating: 60, count: 5 * 5 * 3)
    ClipVariation(augmentation, seed: 1).apply(to: &even, size: 5)
    #expect(even == [UInt8](repeating: 60, count: 75))
    even[3 * 12] = 160
    ClipVariation(augmentation, seed: 1).apply(to: &even, size: 5)
    #expect(even[3 * 12] == 85 && even[3 * 11] == 73)
  }

  @Test func `brightness, contrast and colour change within their limits, evenly in both directions`() {
    func means(_ change: (inout ClipAugmentation) -> Void, of pixel: [UInt8]) -> [[Double]] {
      var augmentation = ClipAugmentation()
      change(&augmentation)
      return (0..<2000 as Range<UInt64>).map { seed in
        var varied = pixel
        ClipVariation(augmentation, seed: seed).apply(to: &varied, size: 1)
        return zip(varied, pixel).map { Double($0) - Double($1) }
      }
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    // Uniform from -25.5 to 25.5: deviation 25.5 / √3, and the mean of 2000 is within five hundredths of it.
    let bright = means({ $0.brightness = 0.1 }, of: [128, 100, 60])
    #expect(bright.allSatisfy { $0[0] == $0[1] && $0[1] == $0[2] && abs($0[0]) <= 26 })
    #expect(abs(mean(bright.map { $0[0] })) < 2)
    #expect(abs(mean(bright.map { $0[0] * $0[0] }).squareRoot() - 25.5 / 3.0.squareRoot()) < 1)
    // Contrast is relative to the middle of the range: that stays, other values move away from it or towards it.
    let contrast = means({ $0.contrast = 0.2 }, of: [127, 227, 27])
    #expect(contrast.allSatisfy { abs($0[0]) <= 1 && abs($0[1]) <= 21 && abs($0[1] + $0[2]) <= 2 })
    #expect(
      abs(mean(contrast.map { $0[1] })) < 2 && contrast.contains { $0[1] > 18 } && contrast.contains { $0[1] < -18 })
    // Channels change independently.
    let color = means({ $0.color = 0.1 }, of: [128, 128, 128])
    #expect(color.allSatisfy { $0.allSatisfy { abs($0) <= 26 } })
    #expect(abs(mean(color.map { $0[0] * $0[1] })) < 15, "two channels change independently")
    #expect(abs(mean(color.map { $0[2] })) < 2)
  }

  @Test func `shift and scale stay within their limits, evenly in both directions`() {
    var augmentation = ClipAugmentation()
    augmentation.place = 0.2
    augmentation.scale = 0.5...2
    let picture = FrameSize(width: 1000, height: 1000)
    let square = PixelRectangle(x: 400, y: 400, width: 200, height: 200)
    let regions = (0..<2000).map { ClipVariation(augmentation, seed: $0).region(square, in: picture) }
    let centres = regions.map { Double($0.x) + Double($0.width) / 2 - 500 }
    #expect(centres.allSatisfy { abs($0) <= 41 } && abs(centres.reduce(0, +)) / 2000 < 2)
    #expect(centres.contains { $0 > 36 } && centres.contains { $0 < -36 })
    #expect(regions.allSatisfy { $0.width == $0.height && (100...400).contains($0.width) })
    // Half and double are equally likely: the median keeps the size.
    #expect((180...222).contains(regions.map(\.width).sorted()[1000]))
  }

  @Test func `a window is surrounded by the frames before and after it, at its own step`() {
    let sampling = ClipSampling(frames: 4, stride: 3)
    #expect(sampling.surrounded([12, 15, 18, 21], by: 2, count: 40) == [6, 9, 12, 15, 18, 21, 24, 27])
    #expect(
      sampling.surrounded([3, 6, 9, 12], by: 2, count: 14) == [0, 0, 3, 6, 9, 12, 13, 13], "frames at the ends repeat")
    #expect(sampling.surrounded([0, 0, 0, 0], by: 1, count: 1) == [0, 0, 0, 0, 0, 0])
  }

  @Test func `another speed shows frames further apart, within the recording`() {
    let sampling = ClipSampling(frames: 8, stride: 4)
    #expect(sampling.indices(count: 100, draw: 0, speed: 1.25) == [0, 5, 10, 15, 20, 25, 30, 35])
    #expect(sampling.indices(count: 100, draw: 0, speed: 0.75) == [0, 3, 6, 9, 12, 15, 18, 21])
    for count in [1, 2, 7, 28, 29, 64] {
      for draw in [0, 0.3, 0.999] {
        for speed in [0.5, 0.8, 1.1, 2] {
          let indices = sampling.indices(count: count, draw: draw, speed: speed)
          #expect(indices.count == 8 && indices.allSatisfy { (0..<count).contains($0) })
        }
      }
    }
  }
}

@Suite struct `Variations of poses` {
  private func track(_ graph: SkeletonGraph) -> PoseTrack {
    var track = PoseTrack(graph: graph, slots: 1)
    for frame in 0..<20 {
      track.append([(0..<graph.jointCount * 3).map { Float(($0 * 7 + frame) % 23) * 0.1 + 0.05 }])
    }
    return track
  }

  @Test(arguments: SkeletonGraph.allCases)
  func `mirroring a pose swaps left and right, and mirroring twice changes nothing`(
    graph: SkeletonGraph
  ) {
    let track = track(graph)
    let mirrored = track.mirrored()
    #expect(mirrored.mirrored() == track)
    let joints = graph.mirrored
    #expect(joints.map { joints[$0] } == Array(0..<graph.jointCount))
    let (own, other) = (Array(track.body(3, 0)), Array(mirrored.body(3, 0)))
    for joint in 0..<graph.jointCount {
      #expect(other[3 * joint] == -own[3 * joints[joint]] && other[3 * joint + 1] == own[3 * joints[joint] + 1])
    }
    // Bone lengths are preserved.
    let bones = Set(graph.bones.map { [$0.joint, $0.parent].sorted() })
    #expect(Set(graph.bones.map { [joints[$0.joint], joints[$0.parent]].sorted() }) == bones)
  }

  private func variation(_ pose: PoseAugmentation, speed: Double = 1, seed: UInt64 = 3) -> PoseVariation {
    PoseVariation(pose, joints: 25, isMirrored: false, speed: speed, seed: seed)
  }

  @Test func `turns of a pose keep lengths and the vertical`() {
    var augmentation = PoseAugmentation()
    augmentation.turn = 40
    let original = BodySequence(track(.ntu25), slots: [0])
    for vertical in [1, 2] {
      var varied = original
      varied.vary(variation(augmentation), vertical: vertical)
      #expect(varied.frames != original.frames)
      for frame in original.frames.indices {
        for joint in 0..<25 {
          let (a, b) = (original.frames[frame][0], varied.frames[frame][0])
          #expect(abs(a[3 * joint + vertical] - b[3 * joint + vertical]) < 1e-5)
          func length(_ values: [Float]) -> Float {
            (0..<3).reduce(0) { $0 + values[3 * joint + $1] * values[3 * joint + $1] }.squareRoot()
          }
          #expect(abs(length(a) - length(b)) < 1e-4)
        }
      }
    }
  }

  @Test func `tilts keep lengths, scaling keeps directions, noise has its deviation`() {
    let original = BodySequence(track(.ntu25), slots: [0])
    func varied(_ augmentation: PoseAugmentation, seed: UInt64) -> BodySequence {
      var sequence = original
      sequence.vary(variation(augmentation, seed: seed), vertical: 1)
      return sequence
    }
    func joint(_ sequence: BodySequence, _ frame: Int, _ index: Int) -> SIMD3<Float> {
      let values = sequence.frames[frame][0]
      return SIMD3(values[3 * index], values[3 * index + 1], values[3 * index + 2])
    }
    func length(_ value: SIMD3<Float>) -> Float { (value * value).sum().squareRoot() }
    var tilt = PoseAugmentation()
    tilt.tilt = 20
    var scale = PoseAugmentation()
    scale.scale = 0.2
    var heights: [Float] = []
    for seed in 0..<40 as Range<UInt64> {
      let (tilted, scaled) = (varied(tilt, seed: seed), varied(scale, seed: seed))
      let factor = length(joint(scaled, 0, 0)) / length(joint(original, 0, 0))
      #expect((0.799...1.201).contains(factor))
      for index in 0..<25 {
        let own = joint(original, 4, index)
        #expect(abs(length(joint(tilted, 4, index)) - length(own)) < 1e-4)
        #expect(length(joint(scaled, 4, index) - own * factor) < 1e-4)
      }
      heights.append(joint(tilted, 0, 3).y - joint(original, 0, 3).y)
    }
    #expect(heights.contains { $0 > 0.05 } && heights.contains { $0 < -0.05 }, "tilts go forwards and backwards")
    var noise = PoseAugmentation()
    noise.noise = 0.02
    let offsets = (0..<40 as Range<UInt64>).flatMap { seed -> [Float] in
      let noisy = varied(noise, seed: seed)
      return (0..<25).flatMap { index -> [Float] in
        let offset = joint(noisy, 7, index) - joint(original, 7, index)
        return [offset.x, offset.y, offset.z]
      }
    }
    let count = Float(offsets.count)
    #expect(abs(offsets.reduce(0, +) / count) < 0.002)
    // One part is constant for the whole clip, one is drawn for every frame: together √2 of each.
    let deviation = (offsets.reduce(0) { $0 + $1 * $1 } / count).squareRoot()
    #expect(abs(deviation - 0.02 * Float(2).squareRoot()) < 0.002)
  }

  @Test func `lost joints are zero in every frame, and stay zero`() {
    var augmentation = PoseAugmentation()
    augmentation.dropout = 0.4
    augmentation.noise = 0.01
    var sequence = BodySequence(track(.ntu25), slots: [0])
    for axis in 0..<3 { sequence.frames[5][0][axis] = 0 }
    sequence.vary(variation(augmentation), vertical: 2)
    let lost = (0..<25).filter { joint in
      sequence.frames.allSatisfy { $0[0][3 * joint] == 0 && $0[0][3 * joint + 1] == 0 && $0[0][3 * joint + 2] == 0 }
    }
    #expect((3...17).contains(lost.count))
    #expect((0..<3).allSatisfy { sequence.frames[5][0][$0] == 0 })
  }

  @Test func `another speed and a cut keep pose frames in order`() {
    var augmentation = PoseAugmentation()
    augmentation.crop = 0.2
    for seed in 0..<30 as Range<UInt64> {
      var sequence = BodySequence(track(.ntu25), slots: [0])
      let original = sequence.frames
      sequence.play(variation(augmentation, speed: seed % 2 == 0 ? 1.3 : 0.7, seed: seed))
      let places = sequence.frames.map { frame in original.firstIndex { $0 == frame } }
      #expect(places.allSatisfy { $0 != nil } && places.compactMap { $0 } == places.compactMap { $0 }.sorted())
      #expect((places.first ?? nil) ?? 99 <= 4 && ((places.last ?? nil) ?? 0) >= 14)
    }
  }

  @Test func `pose variations reach the networks through the loader, but not in evaluation`() throws {
    let folder = try TemporaryFolder()
    let clip = Clip(
      name: "made", label: 0, skeleton: try folder.write(ntuText((0..<30).map { _ in [madeBody(1)] }), as: "v.skeleton")
    )
    var options = ClipOptions()
    options.content = .pose
    options.poseFrames = 16
    let plain = ClipLoader(options, graph: .ntu25)
    options.augmentation = ClipAugmentation(.strong)
    let varied = ClipLoader(options, graph: .ntu25)
    #expect(try varied.load(clip, .centre)[0].pose == plain.load(clip, .centre)[0].pose)
    let draws = try (0..<6).map { try varied.load(clip, .random(seed: $0))[0].pose }
    #expect(Set(draws).count == 6)
    #expect(try draws == (0..<6).map { try varied.load(clip, .random(seed: $0))[0].pose })
  }
}
