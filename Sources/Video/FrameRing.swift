import Synchronization

/// A camera's most recent samples; the oldest are overwritten.
///
/// All storage is allocated initially: `capacity` pictures of `size`·`size` RGB pixels. A sample that starts a run
/// empties the ring, so its contents never have gaps.
package struct FrameRing: Sendable {
  package let capacity: Int
  package let size: Int
  /// Number of samples in the ring, up to `capacity`.
  package private(set) var count = 0
  /// Number of samples in the current run.
  package private(set) var samplesInRun = 0
  /// Distinguishes the contents from those before the ring, or any other ring, was emptied.
  private(set) var cut: Int
  private var next = 0
  private var pictures: [[UInt8]]
  private var samples: [Sample]

  package init(capacity: Int = 64, size: Int = 224) {
    precondition(capacity > 0 && size > 0)
    self.capacity = capacity
    self.size = size
    cut = Self.newCut()
    let bytes = size * size * 3
    pictures = (0..<capacity).map { _ in [UInt8](repeating: 0, count: bytes) }
    samples = []
    samples.reserveCapacity(capacity)
  }

  package var isFull: Bool { count == capacity }

  /// Adds a sample; `picture` contains its `size`·`size`·3 bytes.
  package mutating func append(_ sample: Sample, picture: [UInt8]) {
    precondition(picture.count == size * size * 3)
    if sample.beginsRun { removeAll() }
    pictures[next].removeAll(keepingCapacity: true)
    pictures[next].append(contentsOf: picture)
    if next < samples.count { samples[next] = sample } else { samples.append(sample) }
    next = (next + 1) % capacity
    count = min(count + 1, capacity)
    samplesInRun += 1
  }

  /// Removes all samples, for example when the camera was lost.
  package mutating func removeAll() {
    (next, count, samplesInRun) = (0, 0, 0)
    cut = Self.newCut()
  }

  private static let cuts = Atomic(0)
  private static func newCut() -> Int { cuts.add(1, ordering: .relaxed).newValue }

  /// True if the newest sample completes a window: the first one that fills the ring, and every `hop`-th after it.
  package func isWindowDue(hop: Int) -> Bool {
    isFull && (samplesInRun - capacity) % hop == 0
  }

  /// Copies the samples, oldest first, into a window of the same shape.
  ///
  /// Those of a clip shorter than a window are repeated from the first. The ring must not be empty.
  ///
  /// - Source: methods.md 7.2.
  package func copyWindow(into window: inout ClipWindow) {
    precondition(count > 0 && window.frames == capacity && window.size == size)
    // If full, the oldest is the one to be overwritten next.
    window.removeAll(cut: cut)
    for index in 0..<capacity {
      let slot = isFull ? (next + index) % capacity : index % count
      window.append(samples[slot], pictures[slot])
    }
  }
}
