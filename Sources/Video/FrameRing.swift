/// What is known of one sample besides its pixels.
package struct SampleMark: Hashable, Sendable {
  /// Count of samples since the stream began, from 0.
  package var index: Int
  /// When the frame it was made from was taken.
  package var time: Duration
  /// True when the sample before was made from the same frame, or this one's frame could not be decoded.
  package var isRepeated: Bool
  /// Frames the source lost since the sample before.
  package var dropped: Int
  /// Mean absolute difference to the sample before, 0–255.
  package var motion: Float
}

/// The last samples of one camera, in memory taken once; the oldest is overwritten.
package struct FrameRing: Sendable {
  package let capacity: Int
  package let sampleByteCount: Int
  /// One array a slot, so that a sample can be written and repeated in one piece.
  private var pixels: [[UInt8]]
  private var marks: [SampleMark] = []
  /// Slot of the oldest sample once the ring is full.
  private var oldest = 0

  package init(capacity: Int, sampleByteCount: Int) {
    self.capacity = capacity
    self.sampleByteCount = sampleByteCount
    // Each slot gets storage of its own now: copies of one array would be made unique one by one while capturing.
    pixels = (0..<capacity).map { _ in Array(repeating: 0, count: sampleByteCount) }
    marks.reserveCapacity(capacity)
  }

  /// Samples held, at most `capacity`.
  package var count: Int { marks.count }
  package var isFull: Bool { count == capacity }

  /// The newest sample's mark.
  package var last: SampleMark? { marks.isEmpty ? nil : marks[slot(count - 1)] }

  package mutating func removeAll() {
    marks.removeAll(keepingCapacity: true)
    oldest = 0
  }

  /// Adds a sample whose pixels `write` fills in; nothing is added when it throws.
  package mutating func append<Failure: Error>(
    _ mark: SampleMark, writing write: (inout MutableSpan<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    let slot = nextSlot
    var sample = pixels[slot].mutableSpan
    try write(&sample)
    commit(mark, to: slot)
  }

  /// Adds the newest sample once more.
  ///
  /// - Precondition: the ring is not empty.
  package mutating func appendRepeat(_ mark: SampleMark) {
    let (from, to) = (slot(count - 1), nextSlot)
    precondition(count > 0, "there is no sample to repeat")
    if from != to { pixels[to].replaceSubrange(0..<sampleByteCount, with: pixels[from]) }
    commit(mark, to: to)
  }

  /// Mean absolute difference of the two newest samples over every fourth row of bytes; 0 while there are fewer.
  package func newestDifference() -> Float {
    guard count > 1 else { return 0 }
    let older = pixels[slot(count - 2)]
    let newer = pixels[slot(count - 1)]
    let block = 256
    var total = 0
    var compared = 0
    for begin in stride(from: 0, to: sampleByteCount, by: block * 4) {
      let length = min(block, sampleByteCount - begin)
      let a = older.span.extracting(begin..<begin + length)
      let b = newer.span.extracting(begin..<begin + length)
      var sum: Int32 = 0
      for index in 0..<length { sum &+= abs(Int32(a[index]) &- Int32(b[index])) }
      total += Int(sum)
      compared += length
    }
    return Float(total) / Float(compared)
  }

  /// Replaces the newest sample's motion.
  package mutating func setMotionOfNewest(_ motion: Float) {
    guard count > 0 else { return }
    marks[slot(count - 1)].motion = motion
  }

  /// Copies the samples, oldest first, over `window`.
  ///
  /// A ring that is not full is repeated from its start, as clips shorter than a window are in training.
  ///
  /// - Precondition: the ring is not empty, and the window has its shape.
  /// - Source: methods.md 7.2.
  package func copyWindow(into window: inout ClipWindow) {
    precondition(count > 0 && window.frames == capacity && window.sampleByteCount == sampleByteCount)
    window.setMarks((0..<count).lazy.map { marks[slot($0)] })
    for index in 0..<capacity { window.setSample(index, to: pixels[slot(index % count)]) }
  }

  private func slot(_ position: Int) -> Int { isFull ? (oldest + position) % capacity : position }
  private var nextSlot: Int { isFull ? oldest : count }

  private mutating func commit(_ mark: SampleMark, to slot: Int) {
    if isFull {
      marks[slot] = mark
      oldest = (oldest + 1) % capacity
    } else {
      marks.append(mark)
    }
  }
}

/// The pixels of one window in one piece, and what is known of them.
///
/// Storage is taken once; windows are swapped between owners, never copied by accident.
package struct ClipWindow: Sendable {
  package let frames: Int
  package let sampleByteCount: Int
  /// `frames` samples one after the other, each rows of interleaved RGB.
  package private(set) var pixels: [UInt8]
  /// Marks of the samples, oldest first; fewer than `frames` when a short clip was repeated.
  package private(set) var marks: [SampleMark] = []

  package init(frames: Int, sampleByteCount: Int) {
    self.frames = frames
    self.sampleByteCount = sampleByteCount
    pixels = Array(repeating: 0, count: frames * sampleByteCount)
    marks.reserveCapacity(frames)
  }

  package var firstSample: Int { marks.first?.index ?? 0 }
  package var lastSample: Int { marks.last?.index ?? 0 }
  package var begin: Duration { marks.first?.time ?? .zero }
  package var end: Duration { marks.last?.time ?? .zero }
  package var repeated: Int { marks.count { $0.isRepeated } }
  package var dropped: Int { marks.reduce(0) { $0 + $1.dropped } }

  /// The largest motion between two samples among the newest `count`.
  package func motion(ofNewest count: Int) -> Float { marks.suffix(count).map(\.motion).max() ?? 0 }

  fileprivate mutating func setMarks(_ new: some Sequence<SampleMark>) {
    marks.removeAll(keepingCapacity: true)
    marks.append(contentsOf: new)
  }

  fileprivate mutating func setSample(_ index: Int, to sample: [UInt8]) {
    pixels.replaceSubrange(index * sampleByteCount..<(index + 1) * sampleByteCount, with: sample)
  }
}
