/// A camera's most recent working pictures, from which people are cut later; the oldest are overwritten.
///
/// Each one is a `Frame` of format `rgb24` with its sample's number and time. A sample that starts a run, or a picture
/// of another size, empties the ring, so its contents have no gaps and a single size. At 640x480, 64 pictures take 59
/// MB.
package struct PictureRing: Sendable {
  package let capacity: Int
  /// Number of pictures in the ring, up to `capacity`.
  package private(set) var count = 0
  /// Number of samples in the current run.
  package private(set) var samplesInRun = 0
  /// Counts the runs, so that what was cut from an earlier one can be recognised.
  package private(set) var run = 0
  private var next = 0
  private var pictures: [Frame] = []
  private var samples: [Sample] = []

  package init(capacity: Int) {
    precondition(capacity > 0)
    self.capacity = capacity
  }

  package var isFull: Bool { count == capacity }
  package var byteCount: Int { pictures.reduce(0) { $0 + $1.bytes.count } }
  /// Size of the pictures; 0x0 before the first.
  package private(set) var size = FrameSize(width: 0, height: 0)

  /// Adds a sample; `pixels` are rows of RGB pixels of `size`.
  package mutating func append(_ sample: Sample, _ pixels: [UInt8], size: FrameSize) {
    precondition(pixels.count == size.width * size.height * 3)
    if sample.beginsRun || size != self.size { removeAll() }
    if size != self.size {
      pictures.removeAll()
      samples.removeAll()
      self.size = size
    }
    if next == pictures.count {
      var picture = Frame()
      picture.format = .rgb24
      picture.color = ColorDescription(matrix: .bt601, range: .full)
      picture.size = size
      picture.planes = [Frame.Plane(offset: 0, rowBytes: size.width * 3)]
      picture.byteCount = pixels.count
      pictures.append(picture)
      samples.append(sample)
    }
    pictures[next].bytes.removeAll(keepingCapacity: true)
    pictures[next].bytes.append(contentsOf: pixels)
    pictures[next].timestamp = sample.time
    pictures[next].sequence = sample.index
    samples[next] = sample
    next = (next + 1) % capacity
    count = min(count + 1, capacity)
    samplesInRun += 1
  }

  /// Removes all pictures, for example when the camera was lost.
  package mutating func removeAll() {
    (next, count, samplesInRun) = (0, 0, 0)
    run += 1
  }

  /// True if the newest sample completes a window: the first one that fills the ring, and every `hop`-th after it.
  package func isWindowDue(hop: Int) -> Bool { isFull && (samplesInRun - capacity) % hop == 0 }

  /// The picture `age` pictures before the newest one, with its sample; `age` must be less than `count`.
  package func picture(age: Int) -> (sample: Sample, frame: Frame) {
    precondition(age < count)
    let slot = (next + capacity - 1 - age) % capacity
    return (samples[slot], pictures[slot])
  }
}
