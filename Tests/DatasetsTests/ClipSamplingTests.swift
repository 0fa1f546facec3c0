import Datasets
import Testing

@Suite struct `Windows of a recording` {
  /// The first window, the last, and the step between frames, for 64 of so many.
  @Test(arguments: [
    (63, 0, 0, 1), (64, 0, 0, 1), (127, 0, 63, 1), (128, 0, 64, 1), (129, 0, 1, 2), (130, 0, 2, 2), (1000, 0, 872, 2),
  ])
  func `follow the published rule`(count: Int, first: Int, last: Int, step: Int) {
    func window(_ draw: Double) -> [Int] { ClipSampling.indices(count: count, frames: 64, draw: draw) }
    let start = window(0)
    let end = window(1.0.nextDown)
    if count >= 64 {
      #expect(start == (0..<64).map { first + step * $0 })
      #expect(end == (0..<64).map { last + step * $0 })
      #expect(window(0.5)[0] == (first + last + 1) / 2)
    } else {
      #expect(start == Array(0..<63) + [0])
      #expect(end == start)
    }
    #expect(end.max() ?? 0 < count)
  }

  @Test func `repeat what is short from its start`() {
    #expect(ClipSampling.indices(count: 1, frames: 64, draw: 0.9) == [Int](repeating: 0, count: 64))
    #expect(ClipSampling.indices(count: 3, frames: 8, draw: 0.9) == [0, 1, 2, 0, 1, 2, 0, 1])
  }

  @Test func `begin anywhere with equal chance`() {
    let starts = (0..<1000).map { ClipSampling.indices(count: 67, frames: 64, draw: Double($0) / 1000)[0] }
    #expect((0..<4).map { start in starts.count { $0 == start } } == [250, 250, 250, 250])
  }

  @Test func `for evaluation overlap by half and end with the recording`() {
    func starts(_ count: Int) -> [Int] { ClipSampling.windows(count: count, frames: 64, .paper).map { $0[0] } }
    #expect(starts(129) == [0, 1])
    #expect(starts(192) == [0, 64])
    #expect(starts(300) == [0, 64, 128, 172])
    let windows = ClipSampling.windows(count: 300, frames: 64, .paper)
    #expect(windows.allSatisfy { $0 == Array(stride(from: $0[0], through: $0[0] + 126, by: 2)) })
    #expect(windows.last?.last == 298)
    for count in [1, 63, 64, 127, 128] {
      #expect(
        ClipSampling.windows(count: count, frames: 64, .paper)
          == [ClipSampling.indices(count: count, frames: 64, draw: 0.5)])
    }
  }

  @Test func `as released are consecutive and drop the rest`() {
    let windows = ClipSampling.windows(count: 400, frames: 64, .code)
    #expect(windows == [Array(32..<96), Array(160..<224), Array(288..<352)])
    #expect(ClipSampling.windows(count: 128, frames: 64, .code) == [Array(32..<96)])
    for count in [1, 63, 64, 127] {
      #expect(
        ClipSampling.windows(count: count, frames: 64, .code)
          == [ClipSampling.indices(count: count, frames: 64, draw: 0.5)])
    }
  }
}
