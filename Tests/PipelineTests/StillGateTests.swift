import Testing
import Video

@testable import Pipeline

@Suite struct `Still gate` {
  /// A window of two samples that differ by `motion`.
  private func window(_ motion: Float) -> ClipWindow {
    var ring = FrameRing(capacity: 2, size: 1)
    for index in 0..<2 {
      let sample = Sample(
        index: index, time: .seconds(index), frameTime: .seconds(index), sequence: index, beginsRun: index == 0,
        motion: motion)
      ring.append(sample, picture: [0, 0, 0])
    }
    var window = ClipWindow(frames: 2, size: 1)
    ring.copyWindow(into: &window)
    return window
  }

  @Test func `a still gate lets the first still window and every fourth after it through`() {
    var gate = StillGate(level: 2)
    let held = (0..<10).map { _ in gate.holdsBack(window(1)) }
    #expect(held == [false, true, true, true, false, true, true, true, false, true])
    #expect(gate.held == 7)
  }

  @Test func `moving windows are scored at once, and stillness then starts over`() {
    var gate = StillGate(level: 2)
    let held = [Float(1), 1, 3, 1, 1].map { gate.holdsBack(window($0)) }
    #expect(held == [false, true, false, false, true])
  }

  @Test func `a still gate at level 0 holds nothing back`() {
    var gate = StillGate(level: 0)
    let isHeld = gate.holdsBack(window(0))
    #expect(!isHeld)
  }
}
