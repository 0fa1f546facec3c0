import Basics
import Testing
import Video

struct FrameRingTests {
  @Test(arguments: 0..<20)
  func `the ring holds the newest samples of the run, as a plain array does`(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed))
    let capacity = Int.random(in: 1...9, using: &random)
    let hop = Int.random(in: 1...5, using: &random)
    var ring = FrameRing(capacity: capacity, size: 2)
    var window = ClipWindow(frames: capacity, size: 2)
    var run: [(sample: Sample, picture: [UInt8])] = []
    for index in 0..<80 {
      let begins = Int.random(in: 0..<25, using: &random) == 0
      let sample = Sample(
        index: index, time: .milliseconds(index), frameTime: .milliseconds(index), sequence: index,
        beginsRun: begins, isRepeat: Bool.random(using: &random), lostBefore: index / 3, motion: Float(index))
      let picture = (0..<12).map { _ in UInt8.random(in: 0...255, using: &random) }
      if begins { run = [] }
      run.append((sample, picture))
      ring.append(sample, picture: picture)
      #expect(ring.count == min(run.count, capacity))
      #expect(ring.isFull == (run.count >= capacity))
      #expect(ring.isWindowDue(hop: hop) == (run.count >= capacity && (run.count - capacity) % hop == 0))
      guard ring.isFull else { continue }
      ring.copyWindow(into: &window)
      let newest = run.suffix(capacity)
      #expect(window.pixels == newest.flatMap(\.picture), "seed \(seed)")
      #expect(window.samples == newest.map(\.sample), "seed \(seed)")
      #expect(window.pixels.count == capacity * 12)
    }
  }

  @Test func `windows have the same number until the ring is emptied, and no two rings share one`() {
    func cut(_ ring: FrameRing) -> Int {
      var window = ClipWindow(frames: 1, size: 1)
      ring.copyWindow(into: &window)
      return window.cut
    }
    func sample(_ index: Int, beginsRun: Bool = false) -> Sample {
      Sample(index: index, time: .zero, frameTime: .zero, sequence: index, beginsRun: beginsRun)
    }
    var rings = [FrameRing(capacity: 1, size: 1), FrameRing(capacity: 1, size: 1)]
    for index in rings.indices { rings[index].append(sample(0), picture: [1, 2, 3]) }
    let first = cut(rings[0])
    #expect(cut(rings[1]) != first)
    rings[0].append(sample(1), picture: [1, 2, 3])
    #expect(cut(rings[0]) == first)
    rings[0].append(sample(2, beginsRun: true), picture: [1, 2, 3])
    #expect(cut(rings[0]) != first)
  }

  @Test func `a window of samples knows its times and losses`() {
    var ring = FrameRing(capacity: 4, size: 1)
    let repeats = [true, true, false, true, true]
    let lost = [0, 1, 1, 3, 3]
    for index in 0..<5 {
      let sample = Sample(
        index: index, time: .milliseconds(10 * index), frameTime: .zero, sequence: index, isRepeat: repeats[index],
        lostBefore: lost[index], motion: Float(index))
      ring.append(sample, picture: [0, 0, 0])
    }
    var window = ClipWindow(frames: 4, size: 1)
    ring.copyWindow(into: &window)
    #expect(window.firstSample == 1)
    #expect(window.lastSample == 4)
    #expect(window.firstTime == .milliseconds(10))
    #expect(window.duration == .milliseconds(30))
    // The first sample repeats one outside, and what was lost before it is not the window's.
    #expect(window.repeated == 2)
    #expect(window.dropped == 2)
    #expect(window.motion == 3)
  }

  @Test func `an emptied frame ring fills again`() {
    var ring = FrameRing(capacity: 2, size: 1)
    for index in 0..<3 {
      ring.append(Sample(index: index, time: .zero, frameTime: .zero, sequence: 0), picture: [1, 1, 1])
    }
    ring.removeAll()
    #expect(ring.count == 0)
    ring.append(Sample(index: 3, time: .zero, frameTime: .zero, sequence: 0), picture: [2, 2, 2])
    #expect(!ring.isFull)
  }
}
