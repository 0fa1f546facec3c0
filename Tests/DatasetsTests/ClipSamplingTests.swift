import Datasets
import Testing

@Suite struct `Windows of a recording` {
  /// The first window, the last, and the step between frames, for 64 frames of a number of frames.
  @Test(arguments: [
    (63, 0, 0, 1), (64, 0, 0, 1), (127, 0, 63, 1), (128, 0, 64, 1), (129, 0, 1, 2), (130, 0, 2, 2), (1000, 0, 872, 2),
  ])
  func `sampled windows follow the published rule`(count: Int, first: Int, last: Int, step: Int) {
    func window(_ draw: Double) -> [Int] { ClipSampling(frames: 64).indices(count: count, draw: draw) }
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

  @Test func `short recordings are repeated from their start`() {
    #expect(ClipSampling(frames: 64).indices(count: 1, draw: 0.9) == [Int](repeating: 0, count: 64))
    #expect(ClipSampling(frames: 8).indices(count: 3, draw: 0.9) == [0, 1, 2, 0, 1, 2, 0, 1])
  }

  @Test func `sampled windows start anywhere with equal probability`() {
    let starts = (0..<1000).map { ClipSampling(frames: 64).indices(count: 67, draw: Double($0) / 1000)[0] }
    #expect((0..<4).map { start in starts.count { $0 == start } } == [250, 250, 250, 250])
  }

  @Test func `windows of a part have their middle in it, and stay within the recording`() {
    let sampling = ClipSampling(frames: 8, stride: 2)
    for draw in stride(from: 0.0, to: 1, by: 0.01) {
      let window = sampling.indices(around: 40..<50, count: 100, draw: draw)
      let middle = window[0] + 7
      #expect((40..<50).contains(middle), "\(draw): \(window)")
      #expect(window == (0..<8).map { window[0] + 2 * $0 })
    }
    #expect(sampling.indices(around: 0..<3, count: 100, draw: 0) == [0, 2, 4, 6, 8, 10, 12, 14])
    #expect(sampling.indices(around: 99..<100, count: 100, draw: 0.9) == [85, 87, 89, 91, 93, 95, 97, 99])
    #expect(sampling.indices(around: 40..<50, count: 100, draw: 0.5, speed: 2) == [31, 35, 39, 43, 47, 51, 55, 59])
    // Shorter than a single window.
    #expect(sampling.indices(around: 2..<4, count: 5, draw: 0.5) == [0, 2, 4, 0, 2, 4, 0, 2])
  }

  @Test(arguments: WindowScheme.allCases) func `evaluation windows of a long part lie inside the part`(
    scheme: WindowScheme
  ) {
    let sampling = ClipSampling(frames: 8, stride: 2)
    #expect(
      sampling.windows(around: 100..<150, count: 300, scheme)
        == sampling.windows(count: 50, scheme).map { $0.map { $0 + 100 } })
    let short = sampling.windows(around: 100..<104, count: 300, scheme)
    #expect(short == [sampling.indices(around: 100..<104, count: 300, draw: 0.5)])
  }

  @Test func `evaluation windows overlap by half and end with the recording`() {
    func starts(_ count: Int) -> [Int] { ClipSampling(frames: 64).windows(count: count, .paper).map { $0[0] } }
    #expect(starts(129) == [0, 1])
    #expect(starts(192) == [0, 64])
    #expect(starts(300) == [0, 64, 128, 172])
    let windows = ClipSampling(frames: 64).windows(count: 300, .paper)
    #expect(windows.allSatisfy { $0 == Array(stride(from: $0[0], through: $0[0] + 126, by: 2)) })
    #expect(windows.last?.last == 298)
    for count in [1, 63, 64, 127, 128] {
      #expect(
        ClipSampling(frames: 64).windows(count: count, .paper)
          == [ClipSampling(frames: 64).indices(count: count, draw: 0.5)])
    }
  }

  @Test func `evaluation windows as released are consecutive and drop the rest`() {
    let windows = ClipSampling(frames: 64).windows(count: 400, .code)
    #expect(windows == [Array(32..<96), Array(160..<224), Array(288..<352)])
    #expect(ClipSampling(frames: 64).windows(count: 128, .code) == [Array(32..<96)])
    for count in [1, 63, 64, 127] {
      #expect(
        ClipSampling(frames: 64).windows(count: count, .code)
          == [ClipSampling(frames: 64).indices(count: count, draw: 0.5)])
    }
  }

  /// With a fixed step a window has the same time scale in recordings of any length.
  @Test(arguments: [1, 4, 7]) func `a configured step applies to all recordings`(step: Int) {
    let sampling = ClipSampling(frames: 16, stride: step)
    let span = 15 * step + 1
    for count in [span, span + 1, 3 * span] {
      let (first, last) = (sampling.indices(count: count, draw: 0), sampling.indices(count: count, draw: 1.0.nextDown))
      #expect(first == (0..<16).map { $0 * step })
      #expect(last == (0..<16).map { count - span + $0 * step })
    }
    // Shorter recordings are repeated at the same step.
    #expect(sampling.indices(count: 2 * step, draw: 0.3) == (0..<16).map { $0 % 2 * step })
    #expect(sampling.indices(count: 1, draw: 0.3) == [Int](repeating: 0, count: 16))
    let windows = sampling.windows(count: 10 * span, .paper)
    #expect(windows.allSatisfy { $0 == (0..<16).map { [first = $0[0]] index in first + index * step } })
    #expect(windows.dropLast().map { $0[0] } == (0..<windows.count - 1).map { $0 * 8 * step })
    #expect(windows.last?.last.map { 10 * span - $0 } == step)
    for windows in [windows, sampling.windows(count: 10 * span, .code)] {
      #expect(windows.allSatisfy { $0.allSatisfy { (0..<10 * span).contains($0) } })
    }
  }
}
